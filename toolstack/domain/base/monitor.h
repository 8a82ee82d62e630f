// SPDX-License-Identifier: MIT
// The toolstack's one lock. Whoever looks at or changes its state holds it; every wait gives it up meanwhile, and only
// waits do. In the domain threads are cooperative and this costs nothing; on the host, where they are not, the tests
// run the same code.
#pragma once

#include "toolstack/domain/base/clock.h"

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace skerry::toolstack {

class Monitor {
  public:
    using Lock = std::unique_lock<std::mutex>;

    [[nodiscard]] Lock enter() { return Lock(mutex_); }
    /// Something that others may wait for has changed. The lock is held.
    void changed() { changed_.notify_all(); }

    /// Waits, with the lock held, until `condition()`; false: the clock passed `deadline_ns` (0: never) first.
    template <class Condition> bool wait(Clock& clock, std::uint64_t deadline_ns, Condition condition) {
        Lock lock(mutex_, std::adopt_lock);
        bool met = condition();
        while (!met) {
            if (deadline_ns == 0) {
                changed_.wait(lock);
            } else {
                const std::uint64_t now = clock.now_ns();
                if (now >= deadline_ns) break;
                changed_.wait_for(lock, std::chrono::nanoseconds(deadline_ns - now));
            }
            met = condition();
        }
        (void)lock.release();
        return met;
    }

    /// Runs what may wait for something else, with the monitor given up meanwhile.
    template <class Action> auto outside(Action action) {
        struct Away {
            std::mutex& mutex;
            ~Away() { mutex.lock(); }
        } away{mutex_};
        mutex_.unlock();
        return action();
    }

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
};

} // namespace skerry::toolstack
