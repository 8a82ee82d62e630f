// SPDX-License-Identifier: MIT
#include "start_image.h"

#include "page_tables.h"

#include <algorithm>

namespace skerry::start_in_place {
namespace {

constexpr Failure no_memory(std::uint64_t pages) {
    return Failure{"not enough memory in this domain for its kernel and ramdisk; a piece of KiB",
                   pages * (page_bytes / 1024)};
}

/// Copies what the segments have for the `count` frames from `first` on to `target`, whose pages are zero.
void copy_segments(const Kernel& kernel, Bytes file, std::uint64_t first, std::uint64_t count, std::byte* target) {
    const std::uint64_t from = kernel.virt_base + first * page_bytes, bytes = count * page_bytes;
    for (unsigned i = 0; i < kernel.image.segment_count; ++i) {
        const Segment& segment = kernel.image.segments[i];
        // Both ends relative to the target, clamped to it; the image lies above virt_base and does not wrap
        // (read_notes).
        const std::uint64_t start = segment.physical + kernel.virt_offset, end = start + segment.file_bytes;
        const std::uint64_t low = std::max(start, from), high = std::min(end, from + bytes);
        if (segment.file_bytes != 0 && low < high)
            std::memcpy(target + (low - from), file.data() + segment.file_offset + (low - start), high - low);
    }
}

} // namespace

StartImage::~StartImage() {
    for (unsigned i = 0; i < block_count_; ++i) memory_.release(blocks_[i].first, blocks_[i].pages);
}

std::byte* StartImage::provide(const Region& region) {
    if (block_count_ == max_blocks) return nullptr;
    std::byte* const first = memory_.allocate(region.count);
    if (first == nullptr) return nullptr;
    blocks_[block_count_++] = {first, region.count};
    const std::uint64_t frame = memory_.frame_of(first);
    for (std::uint64_t i = 0; i < region.count; ++i)
        if (!plan_.assign(region.first + i, frame + i)) return nullptr;
    return first;
}

/// A page that one segment fills completely from a page of the file is given as it is.
bool StartImage::give_kernel_page(const Kernel& kernel, Bytes file, std::uint64_t frame) {
    const std::uint64_t address = layout_.address_of(frame);
    if (kernel.hypercall_page && *kernel.hypercall_page == address) return false; // will be written to
    for (unsigned i = 0; i < kernel.image.segment_count; ++i) {
        const Segment& segment = kernel.image.segments[i];
        const std::uint64_t offset = address - (segment.physical + kernel.virt_offset);
        if (offset >= segment.file_bytes || segment.file_bytes - offset < page_bytes) continue;
        const std::byte* page = file.data() + segment.file_offset + offset;
        return reinterpret_cast<std::uintptr_t>(page) % page_bytes == 0 && plan_.assign(frame, memory_.frame_of(page));
    }
    return false;
}

Result<void> StartImage::load_kernel(const Kernel& kernel, Bytes file, const std::byte* hypercall_page) {
    std::uint64_t frame = layout_.kernel.first;
    while (frame < layout_.kernel.end()) {
        const std::uint64_t first = frame;
        while (frame < layout_.kernel.end() && !give_kernel_page(kernel, file, frame)) ++frame;
        const std::uint64_t count = frame - first;
        if (count != 0) {
            std::byte* const target = provide(Region{first, count});
            if (target == nullptr) return no_memory(count);
            copy_segments(kernel, file, first, count, target);
            const std::uint64_t page =
                kernel.hypercall_page ? (*kernel.hypercall_page - kernel.virt_base) / page_bytes : no_frame;
            if (page - first < count) std::memcpy(target + (page - first) * page_bytes, hypercall_page, page_bytes);
        }
        ++frame; // the one that was given, or the end
    }
    return {};
}

Result<void> StartImage::load_ramdisk(Bytes ramdisk) {
    const Region& region = layout_.ramdisk;
    if (region.count == 0) return {};
    if (reinterpret_cast<std::uintptr_t>(ramdisk.data()) % page_bytes != 0) {
        std::byte* const target = provide(region);
        if (target == nullptr) return no_memory(region.count);
        std::memcpy(target, ramdisk.data(), ramdisk.size());
        return {};
    }
    for (std::uint64_t i = 0; i < region.count; ++i)
        if (Result<void> adopted = adopt(region.first + i, memory_.frame_of(ramdisk.data() + i * page_bytes)); !adopted)
            return adopted;
    return {};
}

Result<void> StartImage::adopt(std::uint64_t to, std::uint64_t from) {
    if (!plan_.assign(to, from))
        return Failure{"a page is part of two things that the kernel starts with; its frame", from};
    return {};
}

void StartImage::write_start_info(const Kernel& kernel, std::uint64_t ramdisk_bytes, const Inheritance& inheritance) {
    start_info_t info = *inheritance.start_info;
    info.nr_pages = memory_.total_pages();
    info.flags &= ~static_cast<std::uint32_t>(SIF_MULTIBOOT_MOD | SIF_MOD_START_PFN);
    info.pt_base = layout_.address_of(layout_.tables.first);
    info.nr_pt_frames = layout_.tables.count;
    info.mfn_list = layout_.p2m_address;
    info.first_p2m_pfn = kernel.p2m_base ? layout_.p2m.first : 0;
    info.nr_p2m_frames = kernel.p2m_base ? layout_.p2m.count + layout_.p2m_tables.count : 0;
    info.mod_start = 0;
    info.mod_len = ramdisk_bytes;
    if (ramdisk_bytes != 0 && layout_.ramdisk_mapped)
        info.mod_start = layout_.address_of(layout_.ramdisk.first);
    else if (ramdisk_bytes != 0) {
        info.mod_start = layout_.ramdisk.first;
        info.flags |= SIF_MOD_START_PFN;
    }
    std::memcpy(start_info_, &info, sizeof(info));
    const Bytes tail = inheritance.start_info_tail;
    if (tail.size() != 0)
        std::memcpy(start_info_ + sizeof(info), tail.data(),
                    std::min<std::uint64_t>(tail.size(), page_bytes - sizeof(info)));
}

void StartImage::write_p2m() {
    auto* const list = reinterpret_cast<std::uint64_t*>(p2m_);
    const std::uint64_t total = memory_.total_pages();
    for (std::uint64_t frame = 0; frame < total; ++frame) list[frame] = memory_.machine_frame(frame);
    plan_.for_each_change([&](std::uint64_t frame, std::uint64_t machine) { list[frame] = machine; });
}

Result<void> StartImage::build(const Kernel& kernel, Bytes file, Bytes ramdisk, const Inheritance& inheritance,
                               const std::byte* hypercall_page) {
    const bool store = inheritance.store_frame != no_frame, console = inheritance.console_frame != no_frame;
    Result<Layout> planned = Layout::plan(kernel, {memory_.total_pages(), ramdisk.size(), store, console});
    if (!planned) return planned.failure();
    layout_ = *planned;
    if (Result<void> created = plan_.create(layout_.end, memory_.total_pages()); !created) return created;
    if (Result<void> adopted = store ? adopt(layout_.store.first, inheritance.store_frame) : Result<void>(); !adopted)
        return adopted;
    if (Result<void> adopted = console ? adopt(layout_.console.first, inheritance.console_frame) : Result<void>();
        !adopted)
        return adopted;
    if (Result<void> loaded = load_kernel(kernel, file, hypercall_page); !loaded) return loaded;
    if (Result<void> loaded = load_ramdisk(ramdisk); !loaded) return loaded;
    p2m_ = provide(layout_.p2m);
    start_info_ = provide(layout_.start_info);
    tables_ = provide(layout_.tables);
    p2m_tables_ = layout_.p2m_tables.count == 0 ? nullptr : provide(layout_.p2m_tables);
    hand_over_page_ = provide(layout_.hand_over);
    if (p2m_ == nullptr || start_info_ == nullptr || tables_ == nullptr || hand_over_page_ == nullptr ||
        (p2m_tables_ == nullptr && layout_.p2m_tables.count != 0))
        return no_memory(layout_.p2m.count + layout_.tables.count);
    if (Result<void> filled = plan_.fill(); !filled) return filled;
    write_page_tables(layout_, plan_, tables_, p2m_tables_);
    write_start_info(kernel, ramdisk.size(), inheritance);
    write_p2m();
    return {};
}

} // namespace skerry::start_in_place
