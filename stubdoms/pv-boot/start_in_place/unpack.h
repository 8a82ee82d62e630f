// SPDX-License-Identifier: MIT
// From what the user calls a kernel (bzImage, ELF, compressed ELF) to the ELF file itself.
#pragma once

#include "decompress.h"

namespace skerry::start_in_place {

/// An ELF file in memory: either the caller's bytes, or unpacked into pages that this object owns and gives back.
/// Move-only.
class UnpackedKernel {
  public:
    UnpackedKernel() = default;
    explicit UnpackedKernel(Bytes file) : file_(file) {}
    UnpackedKernel(DomainMemory& memory, std::byte* pages, std::uint64_t page_count, std::uint64_t bytes)
        : file_(std::span<const std::byte>(pages, bytes)), memory_(&memory), pages_(pages), page_count_(page_count) {}
    UnpackedKernel(UnpackedKernel&& other) noexcept { swap(other); }
    UnpackedKernel& operator=(UnpackedKernel&& other) noexcept {
        UnpackedKernel moved(static_cast<UnpackedKernel&&>(other));
        swap(moved);
        return *this;
    }
    ~UnpackedKernel() {
        if (pages_ != nullptr) memory_->release(pages_, page_count_);
    }

    Bytes file() const { return file_; }
    /// The pages of file(), to be changed or given to the kernel; nullptr when they are the caller's.
    std::byte* pages() const { return pages_; }
    /// The file is only the first `bytes` of the pages.
    void shrink(std::uint64_t bytes) { file_ = file_.slice(0, bytes); }

  private:
    void swap(UnpackedKernel& other) noexcept {
        const Bytes file = file_;
        DomainMemory* const memory = memory_;
        std::byte* const pages = pages_;
        const std::uint64_t page_count = page_count_;
        file_ = other.file_, memory_ = other.memory_, pages_ = other.pages_, page_count_ = other.page_count_;
        other.file_ = file, other.memory_ = memory, other.pages_ = pages, other.page_count_ = page_count;
    }

    Bytes file_;
    DomainMemory* memory_ = nullptr;
    std::byte* pages_ = nullptr;
    std::uint64_t page_count_ = 0;
};

/// Unpacks `kernel` as far as it takes to reach an ELF file. The bytes must outlive the result.
Result<UnpackedKernel> unpack(Bytes kernel, DomainMemory& memory);

} // namespace skerry::start_in_place
