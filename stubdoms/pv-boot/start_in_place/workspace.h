// SPDX-License-Identifier: MIT
// Memory as this folder uses it: an interface that the unikernel, PV-GRUB and the host tests each implement, and the
// decompressors' heap on top of it.
#pragma once

#include "bytes.h"

namespace skerry::start_in_place {

inline constexpr std::uint64_t no_frame = ~std::uint64_t{0};

/// The domain's own memory while the loader runs in it. Frames are numbered by their present pseudo-physical number.
class DomainMemory {
  public:
    virtual std::uint64_t total_pages() const = 0;
    /// Machine frame of a frame, or no_frame.
    virtual std::uint64_t machine_frame(std::uint64_t frame) const = 0;
    /// Pages with consecutive addresses and consecutive frames, writable and zero; nullptr when there are none.
    virtual std::byte* allocate(std::uint64_t pages) = 0;
    virtual void release(std::byte* first, std::uint64_t pages) = 0;
    /// The frame behind an address from allocate() or of the images that the loader was given.
    virtual std::uint64_t frame_of(const std::byte* address) const = 0;
    /// Takes exactly this frame, if nobody uses it.
    virtual bool claim_frame(std::uint64_t frame) = 0;
    /// Takes any unused frame, or gives no_frame.
    virtual std::uint64_t take_frame() = 0;
    virtual void release_frame(std::uint64_t frame) = 0;

  protected:
    ~DomainMemory() = default;
};

/// The heap of one decompression: few and mostly large blocks, all given back at the end.
class Workspace {
  public:
    explicit Workspace(DomainMemory& memory) : memory_(memory) {}
    Workspace(const Workspace&) = delete;
    Workspace& operator=(const Workspace&) = delete;
    ~Workspace();

    void* allocate(std::uint64_t bytes); // 16-byte aligned, zero; nullptr when there is no memory
    void release(void* block);           // large blocks only; small ones stay until the end

  private:
    struct Block {
        std::byte* first = nullptr;
        std::uint64_t pages = 0;
    };
    static constexpr unsigned max_blocks = 64;
    Block* add_block(std::uint64_t pages);

    DomainMemory& memory_;
    Block blocks_[max_blocks];
    std::byte* small_ = nullptr; // the rest of the block that small allocations are cut from
    std::uint64_t small_bytes_ = 0;
};

} // namespace skerry::start_in_place
