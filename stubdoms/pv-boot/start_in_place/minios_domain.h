// SPDX-License-Identifier: MIT
// The running domain of start_in_place.h, when it runs minios.
#pragma once

#include "start_in_place.h"

namespace skerry::start_in_place {

class MiniosDomain final : public RunningDomain {
  public:
    MiniosDomain();

    std::uint64_t total_pages() const override;
    std::uint64_t machine_frame(std::uint64_t frame) const override;
    std::byte* allocate(std::uint64_t pages) override;
    void release(std::byte* first, std::uint64_t pages) override;
    std::uint64_t frame_of(const std::byte* address) const override;
    bool claim_frame(std::uint64_t frame) override;
    std::uint64_t take_frame() override;
    void release_frame(std::uint64_t frame) override;

    const std::byte* hypercall_page() const override;
    std::uint64_t root_machine_frame() const override;
    bool slot_is_free(unsigned slot) const override;
    bool write_protect(std::byte* first, std::uint64_t pages) override;
    void allow_writes(std::byte* first, std::uint64_t pages) override;
    long pin_root(std::uint64_t machine_frame) override;
    long unpin(std::uint64_t machine_frame) override;
    void leave(const Departure& departure) override;

  private:
    std::uint64_t created_ns_; // system time, for the message that the kernel starts
};

/// What minios was given at its start, for the kernel that follows it. Fails when the store or console page is not this
/// domain's.
Result<Inheritance> inheritance_of_minios();

} // namespace skerry::start_in_place
