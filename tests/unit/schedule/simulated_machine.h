// SPDX-License-Identifier: MIT
// A machine under a fake clock for the scheduler: CPUs that run what they are told, kicks that arrive at once, vCPUs
// that compute, sleep and wake by a script. Checks on every switch that no vCPU is in two places.
#pragma once

#include "schedule/scheduler.h"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <vector>

namespace skerry::test {

constexpr Nanoseconds us = 1000, ms = 1000 * us, seconds = 1000 * ms;

struct TestVcpu : SchedEntity {
    // Runs `burst`, then sleeps `sleep` (0: never sleeps).
    Nanoseconds burst = 0, sleep = 0;
    Nanoseconds left = 0, wake_at = never;
    Nanoseconds ran = 0;
    Nanoseconds became_ready = 0, worst_latency = 0, total_latency = 0;
    unsigned runs = 0;
    bool waits_to_run = false;
    int loaded_on = -1;
};

class Machine {
  public:
    explicit Machine(unsigned cpus);
    ~Machine();

    TestVcpu& add(SchedGroup& group, Nanoseconds burst = 0, Nanoseconds sleep = 0, unsigned home = 0);
    void run_for(Nanoseconds duration);
    // Lets every kicked CPU choose; no time passes.
    void settle();
    void wake(TestVcpu& vcpu);
    void block(TestVcpu& vcpu);
    Nanoseconds now() const { return now_; }
    SchedEntity* running(unsigned cpu) { return cpus_[cpu].next; }
    bool is_idle(unsigned cpu) { return cpus_[cpu].next->is_idle(); }
    unsigned switches = 0;
    unsigned choices = 0;

  private:
    struct Cpu {
        SchedEntity* next = nullptr;
        TestVcpu* loaded = nullptr;
        Nanoseconds slice_end = never;
        bool kicked = true;
    };
    void choose(unsigned index);
    void advance_to(Nanoseconds when);

    Nanoseconds now_ = 0;
    std::vector<Cpu> cpus_;
    std::vector<std::unique_ptr<TestVcpu>> vcpus_;
    static Machine* the_;
};

} // namespace skerry::test
