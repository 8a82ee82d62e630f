// SPDX-License-Identifier: MIT
// A running domain made of arrays: frames in a shuffled machine, with a record of what was taken, protected and pinned.
#pragma once

#include "stubdoms/pv-boot/start_in_place/start_in_place.h"

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include <gtest/gtest.h>

namespace skerry::test {

using namespace skerry::start_in_place;

class FakeDomain final : public RunningDomain {
  public:
    explicit FakeDomain(std::uint64_t pages, std::uint64_t used_at_start = 100)
        : pages_(pages), memory_(new (std::align_val_t(page_bytes)) std::byte[pages * page_bytes]), used_(pages) {
        for (std::uint64_t frame = 0; frame < pages; ++frame)
            machine_.push_back(first_machine_frame + (frame * 7 + 3) % shuffle_modulus(pages));
        for (std::uint64_t frame = 0; frame < pages; ++frame) frame_of_machine_[machine_[frame]] = frame;
        EXPECT_EQ(frame_of_machine_.size(), pages) << "the shuffle is not one-to-one";
        for (std::uint64_t frame = 0; frame < used_at_start; ++frame) used_[frame] = true;
        std::memset(hypercall_page_, 0xc3, sizeof(hypercall_page_));
    }
    ~FakeDomain() { operator delete[](memory_, std::align_val_t(page_bytes)); }

    // --- RunningDomain ---
    std::uint64_t total_pages() const override { return pages_; }
    std::uint64_t machine_frame(std::uint64_t frame) const override {
        return frame < pages_ ? machine_[frame] : no_frame;
    }
    std::byte* allocate(std::uint64_t pages) override {
        for (std::uint64_t first = 0, run = 0, frame = 0; frame < pages_; ++frame) {
            run = used_[frame] ? 0 : run + 1;
            if (run == 1) first = frame;
            if (run == pages && pages != 0) {
                std::fill_n(used_.begin() + static_cast<std::ptrdiff_t>(first), pages, true);
                std::memset(page(first), 0, pages * page_bytes);
                return page(first);
            }
        }
        return nullptr;
    }
    void release(std::byte* first, std::uint64_t pages) override {
        for (std::uint64_t i = 0; i < pages; ++i) release_frame(frame_of(first) + i);
    }
    std::uint64_t frame_of(const std::byte* address) const override {
        return static_cast<std::uint64_t>(address - memory_) / page_bytes;
    }
    bool claim_frame(std::uint64_t frame) override {
        if (frame >= pages_ || used_[frame]) return false;
        return used_[frame] = true;
    }
    std::uint64_t take_frame() override {
        for (std::uint64_t frame = pages_; frame-- > 0;)
            if (claim_frame(frame)) return frame;
        return no_frame;
    }
    void release_frame(std::uint64_t frame) override {
        ASSERT_LT(frame, pages_);
        EXPECT_TRUE(used_[frame]) << "released twice: " << frame;
        used_[frame] = false;
    }
    const std::byte* hypercall_page() const override { return hypercall_page_; }
    std::uint64_t root_machine_frame() const override { return machine_[50]; }
    bool slot_is_free(unsigned slot) const override { return slot != 0 && slot < 250; }
    bool write_protect(std::byte* first, std::uint64_t pages) override {
        for (std::uint64_t i = 0; i < pages; ++i) ++protected_[frame_of(first) + i];
        return !refuse_protection;
    }
    void allow_writes(std::byte* first, std::uint64_t pages) override {
        for (std::uint64_t i = 0; i < pages; ++i) protected_.erase(frame_of(first) + i);
    }
    long pin_root(std::uint64_t machine_frame) override {
        pinned = machine_frame;
        return pin_status;
    }
    long unpin(std::uint64_t machine_frame) override { return machine_frame == pinned ? 0 : -22; }
    void leave(const Departure& departure) override {
        ++departures;
        if (on_leave) on_leave(departure);
    }

    // --- for tests ---
    std::byte* page(std::uint64_t frame) const { return memory_ + frame * page_bytes; }
    std::byte* page_of_machine(std::uint64_t machine) const {
        const auto found = frame_of_machine_.find(machine);
        return found == frame_of_machine_.end() ? nullptr : page(found->second);
    }
    std::uint64_t frame_of_machine(std::uint64_t machine) const { return frame_of_machine_.at(machine); }
    bool is_protected(std::uint64_t frame) const { return protected_.count(frame) != 0; }
    std::uint64_t used_count() const {
        return static_cast<std::uint64_t>(std::count(used_.begin(), used_.end(), true));
    }
    /// Puts bytes into frames that are in use, page-aligned plus `misalignment`.
    Bytes place(std::uint64_t first_frame, std::span<const std::byte> bytes, std::uint64_t misalignment = 0) {
        for (std::uint64_t i = 0; i < pages_of(bytes.size() + misalignment); ++i) used_[first_frame + i] = true;
        std::memcpy(page(first_frame) + misalignment, bytes.data(), bytes.size());
        return Bytes(std::span<const std::byte>(page(first_frame) + misalignment, bytes.size()));
    }
    void mark_used(std::uint64_t frame) { used_[frame] = true; }

    std::function<void(const Departure&)> on_leave;
    unsigned departures = 0;
    long pin_status = 0;
    bool refuse_protection = false;
    std::uint64_t pinned = no_frame;

  private:
    static constexpr std::uint64_t first_machine_frame = 0x12'3000;
    static std::uint64_t shuffle_modulus(std::uint64_t pages) { // coprime with 7, not smaller than pages
        return pages % 7 == 0 ? pages + 1 : pages;
    }

    std::uint64_t pages_;
    std::byte* memory_;
    std::vector<bool> used_;
    std::vector<std::uint64_t> machine_;
    std::map<std::uint64_t, std::uint64_t> frame_of_machine_;
    std::map<std::uint64_t, unsigned> protected_;
    std::byte hypercall_page_[page_bytes];
};

} // namespace skerry::test
