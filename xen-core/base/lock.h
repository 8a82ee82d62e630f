// SPDX-License-Identifier: MIT
// Spin locks with a rank, and the order of the ranks.
//
// xen-core runs with interrupts disabled from entry to exit, so a lock needs no interrupt state. A CPU that spins keeps
// serving TLB shoot-downs (spin_wait_hook), so a holder may wait for a shoot-down to finish: no dead-lock between the
// two.
#pragma once

#include "base/types.h"

#include <atomic>

namespace skerry {

// The order of xen-core's locks, in one place. A CPU may take a lock only if its rank is greater than that of every
// lock it already holds (equal rank: only through a helper that orders the two by address). docs/locking.md explains.
enum class LockRank : unsigned char {
    none,
    control,           // one control operation (domctl) at a time per target domain
    domain_table,      // the list of domains
    pv_mmu,            // page-table updates of one address-space owner (one lock per domain)
    descriptor_window, // one vCPU's LDT pages
    grant_table,       // one domain's grant table (two tables: ordered by address)
    maptrack,          // the handles of one domain's grant mappings
    event_table,       // one domain's event channels (two tables: ordered by address)
    global_virq,       // which domain receives each global virtual interrupt
    event_port,        // one event channel port (two ports: ordered by address)
    event_queue,       // one vCPU's FIFO event queues (two vCPUs: ordered by address)
    shutdown,          // whether one domain is shut down, and the pauses that go with it
    interrupt,         // one interrupt line's routing
    io_apic,           // the register pairs of the IO-APICs
    run_queue,         // one CPU's run queue (two queues: ordered by CPU number)
    sched_group,       // one scheduling group's cap budget
    timers,            // one CPU's timer queue
    account,           // an account's frame lists and limits
    allocator,         // the free frames of the machine
    authority,         // one domain's list of rights over others
    flush,             // the TLB shoot-down in flight
    console,           // the log ring and early UART
};

// Called once per turn of every busy-wait loop. On the target: pause, and serve pending shoot-down requests.
// On the host: pause.
void spin_wait_hook();

#ifdef SKERRY_CHECK_LOCKS
void note_lock_taken(LockRank rank, const void* lock, bool same_rank_allowed);
void note_lock_released(LockRank rank, const void* lock);
#else
inline void note_lock_taken(LockRank, const void*, bool) {}
inline void note_lock_released(LockRank, const void*) {}
#endif

// A ticket lock: fair, so that a guest that hammers one operation cannot starve another.
template <LockRank rank> class Lock : NonCopyable {
  public:
    void acquire(bool same_rank_allowed = false) {
        note_lock_taken(rank, this, same_rank_allowed);
        uint32_t ticket = next_.fetch_add(1, std::memory_order_relaxed);
        while (UNLIKELY(serving_.load(std::memory_order_acquire) != ticket)) spin_wait_hook();
    }
    void release() {
        note_lock_released(rank, this);
        serving_.store(serving_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    }

  private:
    std::atomic<uint32_t> next_{0};
    std::atomic<uint32_t> serving_{0};
};

// Holds one lock for a scope.
template <LockRank rank> class [[nodiscard]] Holding : NonCopyable {
  public:
    explicit Holding(Lock<rank>& lock) : lock_(&lock) { lock.acquire(); }
    ~Holding() { lock_->release(); }

  private:
    Lock<rank>* lock_;
};

// Holds two locks of one rank for a scope, taken in address order; the two may be the same lock.
template <LockRank rank> class [[nodiscard]] HoldingBoth : NonCopyable {
  public:
    HoldingBoth(Lock<rank>& a, Lock<rank>& b) : first_(&a < &b ? &a : &b), second_(&a < &b ? &b : &a) {
        first_->acquire();
        if (second_ != first_) second_->acquire(true);
    }
    ~HoldingBoth() {
        if (second_ != first_) second_->release();
        first_->release();
    }

  private:
    Lock<rank>* first_;
    Lock<rank>* second_;
};

} // namespace skerry
