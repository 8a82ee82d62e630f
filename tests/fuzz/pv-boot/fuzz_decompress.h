// SPDX-License-Identifier: MIT
// One decompressor driver, its output in a heap block of exactly the promised size (ASan guards the ends), its
// workspace in a small domain.
#pragma once

#include "stubdoms/pv-boot/start_in_place/decompress.h"

#include <cstdlib>
#include <map>
#include <vector>

namespace skerry::test {

/// Memory from the C library, bounded, so that ASan sees every block and a hostile dictionary size is refused.
class FuzzMemory final : public start_in_place::DomainMemory {
  public:
    std::uint64_t total_pages() const override { return limit; }
    std::uint64_t machine_frame(std::uint64_t frame) const override { return frame; }
    std::byte* allocate(std::uint64_t pages) override {
        if (pages == 0 || pages > limit - used_) return nullptr;
        used_ += pages;
        return static_cast<std::byte*>(std::calloc(pages, start_in_place::page_bytes));
    }
    void release(std::byte* first, std::uint64_t pages) override {
        used_ -= pages;
        std::free(first);
    }
    std::uint64_t frame_of(const std::byte*) const override { return start_in_place::no_frame; }
    bool claim_frame(std::uint64_t) override { return false; }
    std::uint64_t take_frame() override { return start_in_place::no_frame; }
    void release_frame(std::uint64_t) override {}
    std::uint64_t used() const { return used_; }

  private:
    static constexpr std::uint64_t limit = 4096;
    std::uint64_t used_ = 0;
};

inline int fuzz_decompress(start_in_place::Format format, const std::uint8_t* data, std::size_t size) {
    if (size < 2) return 0;
    const std::size_t room = (data[0] | data[1] << 8) + std::size_t{1}; // the first two bytes choose the output's size
    FuzzMemory memory;
    std::vector<std::byte> output(room);
    {
        start_in_place::Workspace workspace(memory);
        const auto written = start_in_place::decompress(
            format, start_in_place::Bytes(std::as_bytes(std::span(data + 2, size - 2))), output, workspace);
        if (written && *written > room) std::abort();
    }
    if (memory.used() != 0) std::abort();
    return 0;
}

} // namespace skerry::test
