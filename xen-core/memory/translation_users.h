// SPDX-License-Identifier: MIT
// Which CPUs may hold cached translations made from one account's page tables, and since when they are flushed.
//
// The rule it serves (docs/pv-mmu.md has the argument): when an entry that led to a frame is removed, the frame is
// stamped; before the frame changes use (or is freed), a flush of all users that STARTED after the stamp must have
// COMPLETED. Two counters make that exact without a lock: a stamp is the number of flushes started so far; it is
// covered once a flush with a greater number has completed. Wrap-around after 2^32 flushes can only ask for a flush too
// many.
//
// A CPU enters before it loads a page-table base of the account, and leaves after it has loaded another account's (or
// xen-core's own); loading a base flushes, so a CPU outside of the set holds nothing.
// Thread safety: everything here may be called by any CPU at any time, with any lock held.
#pragma once

#include "arch/x86_64/tlb.h"

namespace skerry {

using FlushStamp = uint32_t;

class TranslationUsers : NonCopyable {
  public:
    // For the context switch: before CR3 of this account is loaded, and after another one has been.
    void enter(CpuId cpu) { cpus_.add(cpu); }
    void leave(CpuId cpu) { cpus_.remove(cpu); }
    const CpuSet& cpus() const { return cpus_; }

    // To be taken after the entry has been removed from its table.
    FlushStamp stamp() const { return started_.load(std::memory_order_relaxed); }
    bool is_covered(FlushStamp stamp) const {
        return static_cast<int32_t>(completed_.load(std::memory_order_acquire) - stamp) > 0;
    }
    // A stamp that needs no flush: what a fresh frame starts with.
    FlushStamp covered_stamp() const { return completed_.load(std::memory_order_relaxed) - 1; }

    // Flushes every user unless that has happened since `stamp`. Waits.
    void cover(FlushStamp stamp) {
        if (UNLIKELY(!is_covered(stamp))) flush();
    }
    // Flushes every user's translations (MMUEXT_TLB_FLUSH_ALL, UVMF_TLB_FLUSH|UVMF_ALL). Waits.
    void flush() {
        // The increment is a full fence: a CPU that enters after the set is read below sees all removals made before.
        FlushStamp mine = started_.fetch_add(1, std::memory_order_seq_cst) + 1;
        flush_tlb(cpus_);
        FlushStamp seen = completed_.load(std::memory_order_relaxed);
        while (static_cast<int32_t>(mine - seen) > 0 &&
               !completed_.compare_exchange_weak(seen, mine, std::memory_order_release, std::memory_order_relaxed)) {}
    }

  private:
    CpuSet cpus_;
    std::atomic<FlushStamp> started_{1};
    std::atomic<FlushStamp> completed_{1};
};

} // namespace skerry
