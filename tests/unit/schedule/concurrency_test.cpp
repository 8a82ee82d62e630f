// SPDX-License-Identifier: MIT
// Real threads as CPUs: each chooses, "loads" and "saves" vCPUs, blocks them and wakes others. Checked: a vCPU's
// registers are never in two places, and no wake-up is lost.
#include "schedule/scheduler.h"

#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <random>
#include <sched.h>
#include <thread>
#include <vector>

namespace skerry::test {
namespace {

constexpr unsigned cpu_count = 4;
std::array<std::atomic<bool>, cpu_count> kicked;
std::atomic<Nanoseconds> clock_now;

struct RacingVcpu : SchedEntity {
    std::atomic<int> registers_in{-1};
    std::atomic<unsigned> sent{0}, taken{0}; // events
};

struct Races {
    Races(unsigned vcpu_count) {
        new (&scheduler) Scheduler;
        scheduler.start(cpu_count, {[] { return clock_now.load(); }, [](CpuId cpu) { kicked[cpu.value] = true; }});
        for (unsigned i = 0; i < cpu_count; ++i) scheduler.cpu_online(CpuId(i));
        for (unsigned i = 0; i < vcpu_count; ++i) {
            vcpus.push_back(std::make_unique<RacingVcpu>());
            scheduler.admit(*vcpus[i], group, CpuId(i % cpu_count));
            EXPECT_TRUE(scheduler.bring_up(*vcpus[i]));
        }
    }

    // One turn of a CPU's exit path; what it runs then, or null.
    RacingVcpu* exit_path(unsigned cpu) {
        clock_now += 1000;
        if (!kicked[cpu].exchange(false) && clock_now < slice_end[cpu]) return running[cpu];
        Decision decision = scheduler.choose_next(CpuId(cpu), clock_now);
        if (decision.save) {
            auto& vcpu = static_cast<RacingVcpu&>(*decision.save);
            EXPECT_EQ(vcpu.registers_in.exchange(-1), int(cpu));
            scheduler.state_saved(vcpu);
        }
        if (decision.load) {
            auto& vcpu = static_cast<RacingVcpu&>(*decision.load);
            EXPECT_EQ(vcpu.registers_in.exchange(int(cpu)), -1);
        }
        running[cpu] = decision.next->is_idle() ? nullptr : static_cast<RacingVcpu*>(decision.next);
        if (running[cpu]) { EXPECT_EQ(running[cpu]->registers_in, int(cpu)); }
        slice_end[cpu] = decision.slice_end;
        return running[cpu];
    }

    void send(RacingVcpu& vcpu) {
        ++vcpu.sent;
        (void)scheduler.wake(vcpu);
    }
    void take_events(RacingVcpu& vcpu) { vcpu.taken = vcpu.sent.load(); }
    bool block(RacingVcpu& vcpu) {
        return scheduler.block(vcpu, [&] { return vcpu.sent != vcpu.taken; });
    }

    SchedGroup group;
    std::vector<std::unique_ptr<RacingVcpu>> vcpus;
    std::array<RacingVcpu*, cpu_count> running{};
    std::array<Nanoseconds, cpu_count> slice_end{};
};

TEST(SchedulerRaces, NoWakeUpIsLostAndNoVcpuIsInTwoPlaces) {
    Races races(6);
    std::atomic<unsigned> finished{0};
    std::vector<std::thread> cpus;
    for (unsigned cpu = 0; cpu < cpu_count; ++cpu)
        cpus.emplace_back([&, cpu] {
            std::mt19937 random(cpu);
            unsigned turns = 0;
            while (turns < 20'000) {
                ++turns;
                RacingVcpu* vcpu = races.exit_path(cpu);
                if (!vcpu) {
                    sched_yield();
                    continue;
                }
                races.take_events(*vcpu);
                RacingVcpu& other = *races.vcpus[random() % races.vcpus.size()];
                switch (random() % 8) {
                case 0:
                case 1: (void)races.block(*vcpu); break;
                case 2: scheduler.yield(*vcpu); break;
                case 3: {
                    Affinity hard;
                    hard.set_byte(0, static_cast<uint8_t>(1 + random() % 15));
                    EXPECT_TRUE(scheduler.set_affinity(other, hard, Affinity::all()).ok());
                    break;
                }
                case 4:
                    scheduler.pause(other);
                    scheduler.unpause(other);
                    break;
                default: races.send(other);
                }
            }
            ++finished;
            while (finished < cpu_count) { // go on serving until all are done
                if (RacingVcpu* vcpu = races.exit_path(cpu)) races.take_events(*vcpu);
                sched_yield();
            }
        });
    for (auto& cpu : cpus) cpu.join();
    // Quiet now: whoever has an event that it did not take must be runnable, and get to run.
    for (auto& vcpu : races.vcpus) ASSERT_TRUE(scheduler.set_affinity(*vcpu, Affinity::all(), Affinity::all()).ok());
    for (unsigned turn = 0; turn < 4000; ++turn) {
        clock_now += 1'000'000;
        for (unsigned cpu = 0; cpu < cpu_count; ++cpu) {
            RacingVcpu* vcpu = races.exit_path(cpu);
            if (!vcpu) continue;
            races.take_events(*vcpu);
            (void)races.block(*vcpu);
        }
    }
    for (auto& vcpu : races.vcpus) {
        EXPECT_EQ(vcpu->sent, vcpu->taken) << "a wake-up was lost";
        EXPECT_TRUE(vcpu->is_blocked());
    }
}

} // namespace
} // namespace skerry::test
