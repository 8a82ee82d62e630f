// SPDX-License-Identifier: MIT
// Everything a PV kernel starts with, put together in pages of the running domain: contents, frame numbers, page
// tables. Nothing outside those pages changes; destroying the object gives them all back.
#pragma once

#include "frame_plan.h"
#include "layout.h"
#include "unpack.h"

#include "xen.h"

namespace skerry::start_in_place {

/// What the domain was given at its own start and the kernel gets too.
struct Inheritance {
    const start_info_t* start_info = nullptr; // with cmd_line as the kernel shall see it
    Bytes start_info_tail; // what followed start_info_t on its page (first domain: its video console); may be empty
    std::uint64_t store_frame = no_frame; // present frames; no_frame: the domain has none (the first domain)
    std::uint64_t console_frame = no_frame;
};

class StartImage {
  public:
    explicit StartImage(DomainMemory& memory) : memory_(memory), plan_(memory) {}
    StartImage(const StartImage&) = delete;
    StartImage& operator=(const StartImage&) = delete;
    ~StartImage();

    /// `file` is the unpacked kernel. Its pages, and the ramdisk's when it starts on a page, become the kernel's
    /// without a copy.
    Result<void> build(const Kernel& kernel, Bytes file, Bytes ramdisk, const Inheritance& inheritance,
                       const std::byte* hypercall_page);

    const Layout& layout() const { return layout_; }
    const FramePlan& plan() const { return plan_; }
    std::uint64_t start_info_address() const { return layout_.address_of(layout_.start_info.first); }
    std::uint64_t stack_top() const { return layout_.address_of(layout_.stack.end()); }
    std::uint64_t root_machine_frame() const { return plan_.machine_frame(layout_.tables.first); }
    std::byte* tables() const { return tables_; }
    std::byte* p2m_tables() const { return p2m_tables_; }
    std::byte* hand_over_page() const { return hand_over_page_; }

  private:
    struct Block {
        std::byte* first;
        std::uint64_t pages;
    };
    static constexpr unsigned max_blocks = 128;

    /// New pages that become the kernel's frames `region`. nullptr and error_ set when there are none.
    std::byte* provide(const Region& region);
    Result<void> load_kernel(const Kernel& kernel, Bytes file, const std::byte* hypercall_page);
    bool give_kernel_page(const Kernel& kernel, Bytes file, std::uint64_t frame);
    Result<void> load_ramdisk(Bytes ramdisk);
    Result<void> adopt(std::uint64_t to, std::uint64_t from);
    void write_start_info(const Kernel& kernel, std::uint64_t ramdisk_bytes, const Inheritance& inheritance);
    void write_p2m();

    DomainMemory& memory_;
    FramePlan plan_;
    Layout layout_;
    Block blocks_[max_blocks];
    unsigned block_count_ = 0;
    std::byte* p2m_ = nullptr;
    std::byte* start_info_ = nullptr;
    std::byte* tables_ = nullptr;
    std::byte* p2m_tables_ = nullptr;
    std::byte* hand_over_page_ = nullptr;
};

} // namespace skerry::start_in_place
