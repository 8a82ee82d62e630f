// SPDX-License-Identifier: MIT
// A machine for host tests of memory/ and what stands on it: RAM, a frame table, a machine-to-physical table and CPUs
// whose TLB flushes are recorded. One at a time; it sets the globals that the code under test uses.
#pragma once

#include "arch/x86_64/tlb.h"
#include "memory/allocator.h"
#include "memory/frame_table.h"

#include <functional>
#include <memory>
#include <vector>

namespace skerry {

class HostMachine {
  public:
    // Frames 1..frames-1 are free RAM; 0 is xen-core's; `frames`..`frames`+15 are a hole that the table covers (I/O
    // memory).
    explicit HostMachine(uint64_t frames);
    ~HostMachine();

    static HostMachine& get();

    uint64_t* page(Mfn mfn) { return reinterpret_cast<uint64_t*>(&ram_[mfn.value * page_size]); }
    Mfn io_frame(unsigned i = 0) const { return Mfn(frames_ + i); }
    uint64_t frames() const { return frames_; }

    // Called for each flush_tlb(), before it counts as done.
    std::function<void(const CpuSet&)> on_flush;
    uint64_t flushes = 0;

  private:
    uint64_t frames_;
    uint8_t* ram_;
    std::unique_ptr<Frame[]> table_;
    std::vector<uint64_t> m2p_;
};

// What copy_core_slots() writes, in each of slots 256..271.
inline constexpr uint64_t host_core_slot = 0xc0de000;

// Guest memory for guest_copy: linear addresses [base, base + size) are this array; everything else faults.
struct HostGuestMemory {
    uint64_t base = 0x10000;
    std::vector<uint8_t> bytes;
};
extern HostGuestMemory host_guest_memory;

} // namespace skerry
