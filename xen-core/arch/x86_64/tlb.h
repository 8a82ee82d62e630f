// SPDX-License-Identifier: MIT
// Translation caches: flushing this CPU's, and shooting down other CPUs'. Owns the per-CPU mailboxes.
//
// A request raises the target's ticket and merges what to flush into its mailbox; the target serves it in
// spin_wait_hook(), on its way back to a guest (PendingWork::tlb_flush) and from the idle loop, and the requester
// waits, itself serving, until each target has passed its ticket. No lock is taken, so a CPU may flush while it holds
// any. xen-core's own mappings are global and change only through map_core_page().
#pragma once

#include "base/types.h"

#include <atomic>

namespace skerry {

inline constexpr uint32_t max_cpus = 256;

// A set of CPUs. add() and remove() are atomic; copying reads each word once.
class CpuSet {
  public:
    constexpr CpuSet() = default;
    CpuSet(const CpuSet& other) { *this = other; }
    CpuSet& operator=(const CpuSet& other) {
        for (uint32_t i = 0; i < words; ++i) bits_[i] = __atomic_load_n(&other.bits_[i], __ATOMIC_RELAXED);
        return *this;
    }
    static CpuSet of(CpuId cpu) {
        CpuSet set;
        set.bits_[cpu.value / 64] = mask(cpu);
        return set;
    }

    // The pre-check keeps the cache line shared and saves the locked instruction in the usual case.
    void add(CpuId cpu) {
        if (!contains(cpu)) __atomic_fetch_or(&bits_[cpu.value / 64], mask(cpu), __ATOMIC_SEQ_CST);
    }
    void remove(CpuId cpu) { __atomic_fetch_and(&bits_[cpu.value / 64], ~mask(cpu), __ATOMIC_SEQ_CST); }
    bool contains(CpuId cpu) const { return __atomic_load_n(&bits_[cpu.value / 64], __ATOMIC_RELAXED) & mask(cpu); }
    bool is_empty() const {
        uint64_t any = 0;
        for (uint64_t word : bits_) any |= word;
        return !any;
    }
    bool is_only(CpuId cpu) const {
        for (uint32_t i = 0; i < words; ++i)
            if (bits_[i] != (i == cpu.value / 64 ? mask(cpu) : 0)) return false;
        return true;
    }
    void keep_only(const CpuSet& other) {
        for (uint32_t i = 0; i < words; ++i) bits_[i] &= other.bits_[i];
    }
    uint32_t count() const {
        uint32_t n = 0;
        for (uint64_t word : bits_) n += static_cast<uint32_t>(__builtin_popcountll(word));
        return n;
    }
    template <typename F> void for_each(F&& f) const {
        for (uint32_t i = 0; i < words; ++i)
            for (uint64_t left = bits_[i]; left; left &= left - 1)
                f(CpuId(i * 64 + static_cast<uint32_t>(__builtin_ctzll(left))));
    }
    // 64 CPUs at a time, for bitmaps of the ABI.
    static constexpr uint32_t words = max_cpus / 64;
    uint64_t word(uint32_t i) const { return bits_[i]; }
    void set_word(uint32_t i, uint64_t value) { bits_[i] = value; }

  private:
    static constexpr uint64_t mask(CpuId cpu) { return uint64_t{1} << (cpu.value % 64); }
    uint64_t bits_[words] = {};
};

// The CPUs that are up (set by boot/; a CPU is never removed).
extern CpuSet online_cpus;

// This CPU, all translations but xen-core's global ones.
void flush_tlb_local();
// This CPU, one page (of the current address space, or global).
void invlpg_local(GuestVirt virt);

// Each CPU of the set that is online (this one included, if it is in it). Return when all have done it.
void flush_tlb(const CpuSet& cpus);
void flush_page(const CpuSet& cpus, GuestVirt virt);
// Write back and invalidate the caches of each CPU of the set (guest operations with the right to).
void flush_caches(const CpuSet& cpus);

// Serve this CPU's mailbox: called by spin_wait_hook(), the exit path and the idle loop.
void serve_flush_requests();

} // namespace skerry
