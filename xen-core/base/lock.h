// SPDX-License-Identifier: MIT
// Spin locks with a rank, and data that can be reached only through its lock.
//
// xen-core runs with interrupts disabled from entry to exit, so a lock needs no interrupt state. A CPU that spins keeps
// serving TLB shoot-downs (spin_wait_hook), so a holder may wait for a shoot-down to finish: no dead-lock between the
// two.
#pragma once

#include "base/lock_rank.h"
#include "base/types.h"

#include <atomic>

namespace skerry {

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
        while (serving_.load(std::memory_order_acquire) != ticket) [[unlikely]] spin_wait_hook();
    }
    void release() {
        note_lock_released(rank, this);
        serving_.store(serving_.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    }
    bool is_held() const { return serving_.load(std::memory_order_relaxed) != next_.load(std::memory_order_relaxed); }

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

// Data inside its lock: `guarded.with([](T& data) { ... })`.
template <typename T, LockRank rank> class Guarded : NonCopyable {
  public:
    template <typename... Args> explicit Guarded(Args&&... args) : data_(static_cast<Args&&>(args)...) {}

    template <typename F> decltype(auto) with(F&& body) {
        Holding<rank> held(lock_);
        return body(data_);
    }
    Lock<rank>& lock() { return lock_; }
    // For code that already holds lock(): the caller proves it by passing the holder.
    T& get(const Holding<rank>&) { return data_; }
    T& get(const HoldingBoth<rank>&) { return data_; }

  private:
    Lock<rank> lock_;
    T data_;
};

} // namespace skerry
