// SPDX-License-Identifier: MIT
#include "schedule/timer_queue.h"
#include "schedule/vcpu_timers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <random>
#include <thread>
#include <vector>

namespace skerry {
namespace {

std::atomic<Nanoseconds> programmed[4];
std::atomic<unsigned> program_calls;

struct TimersTest : testing::Test {
    void SetUp() override {
        for (auto& deadline : programmed) deadline = never;
        program_calls = 0;
        timers.start(4, {[](CpuId cpu, Nanoseconds deadline) {
                         programmed[cpu.value] = deadline;
                         ++program_calls;
                     }});
    }
};

// What the hardware timer is set to when the queue has been looked at: the earliest deadline. (Nothing is due at 0.)
Nanoseconds next_deadline(CpuId cpu) {
    programmed[cpu.value] = never;
    EXPECT_FALSE(timers.expire(cpu, 0));
    return programmed[cpu.value];
}

struct CountingTimer : Timer {
    CountingTimer() : Timer([](Timer& timer, Nanoseconds now) { static_cast<CountingTimer&>(timer).fired(now); }) {}
    void fired(Nanoseconds now) {
        ++count;
        fired_at = now;
    }
    int count = 0;
    Nanoseconds fired_at = 0;
};

TEST_F(TimersTest, FiresOnceAtItsDeadline) {
    CountingTimer timer;
    timers.arm(timer, CpuId(1), 1000);
    EXPECT_TRUE(timer.is_armed());
    EXPECT_EQ(programmed[1], 1000u);
    EXPECT_FALSE(timers.expire(CpuId(1), 999));
    EXPECT_EQ(timer.count, 0);
    EXPECT_EQ(next_deadline(CpuId(1)), 1000u);
    EXPECT_FALSE(timers.expire(CpuId(1), 1000));
    EXPECT_EQ(timer.count, 1);
    EXPECT_FALSE(timer.is_armed());
    EXPECT_FALSE(timers.expire(CpuId(1), 5000));
    EXPECT_EQ(timer.count, 1);
    EXPECT_EQ(next_deadline(CpuId(1)), never);
}

TEST_F(TimersTest, HardwareIsTouchedOnlyForAnEarlierDeadline) {
    CountingTimer early, late;
    timers.arm(early, CpuId(0), 1000);
    timers.arm(late, CpuId(0), 2000);
    EXPECT_EQ(program_calls, 1u);
    timers.arm(early, CpuId(0), 1500); // the interrupt at 1000 will be spurious
    EXPECT_EQ(program_calls, 1u);
    EXPECT_FALSE(timers.expire(CpuId(0), 1000));
    EXPECT_EQ(programmed[0], 1500u);
    timers.cancel(early);
    EXPECT_FALSE(timers.expire(CpuId(0), 1500));
    EXPECT_EQ(early.count, 0);
    EXPECT_EQ(programmed[0], 2000u);
}

TEST_F(TimersTest, SliceEndSharesTheHardware) {
    CountingTimer timer;
    timers.arm(timer, CpuId(0), 3000);
    timers.set_slice_end(CpuId(0), 1000);
    EXPECT_EQ(programmed[0], 1000u);
    EXPECT_FALSE(timers.expire(CpuId(0), 900));
    EXPECT_TRUE(timers.expire(CpuId(0), 1000));
    EXPECT_EQ(programmed[0], 3000u);
    EXPECT_FALSE(timers.expire(CpuId(0), 1001));
}

TEST_F(TimersTest, MigratesOnlyWhenArmed) {
    CountingTimer timer;
    timers.migrate(timer, CpuId(2));
    EXPECT_FALSE(timer.is_armed());
    timers.arm(timer, CpuId(1), 1000);
    timers.migrate(timer, CpuId(2));
    EXPECT_FALSE(timers.expire(CpuId(1), 2000));
    EXPECT_EQ(timer.count, 0);
    EXPECT_FALSE(timers.expire(CpuId(2), 2000));
    EXPECT_EQ(timer.count, 1);
}

TEST_F(TimersTest, RandomOperationsMatchAModel) {
    std::mt19937 random(7);
    std::vector<std::unique_ptr<CountingTimer>> all;
    for (int i = 0; i < 60; ++i) all.push_back(std::make_unique<CountingTimer>());
    struct Armed {
        unsigned cpu;
        Nanoseconds deadline;
    };
    std::map<CountingTimer*, Armed> model;
    std::map<CountingTimer*, int> expected;
    Nanoseconds now = 0;
    for (int step = 0; step < 50'000; ++step) {
        CountingTimer& timer = *all[random() % all.size()];
        unsigned cpu = random() % 4;
        switch (random() % 8) {
        case 0:
        case 1:
        case 2: {
            Nanoseconds deadline = now + random() % 2000;
            timers.arm(timer, CpuId(cpu), deadline);
            model[&timer] = {cpu, deadline};
            break;
        }
        case 3:
            timers.cancel(timer);
            model.erase(&timer);
            break;
        case 4:
            timers.migrate(timer, CpuId(cpu));
            if (model.count(&timer)) model[&timer].cpu = cpu;
            break;
        default:
            now += random() % 200;
            EXPECT_FALSE(timers.expire(CpuId(cpu), now));
            for (auto it = model.begin(); it != model.end();) {
                if (it->second.cpu == cpu && it->second.deadline <= now) {
                    ++expected[it->first];
                    it = model.erase(it);
                } else {
                    ++it;
                }
            }
        }
        Nanoseconds first = never;
        for (auto& [armed, where] : model)
            if (where.cpu == cpu) first = std::min(first, where.deadline);
        ASSERT_LE(programmed[cpu], first) << "the hardware fires too late";
        ASSERT_EQ(next_deadline(CpuId(cpu)), first);
        ASSERT_EQ(timer.count, expected[&timer]);
        ASSERT_EQ(timer.is_armed(), model.count(&timer) == 1);
    }
    for (auto& timer : all) timers.cancel(*timer);
}

TEST_F(TimersTest, ArmAndCancelFromManyCpusAtOnce) {
    static std::atomic<int> callbacks;
    callbacks = 0;
    std::vector<std::unique_ptr<Timer>> all;
    for (int i = 0; i < 8; ++i) all.push_back(std::make_unique<Timer>([](Timer&, Nanoseconds) { ++callbacks; }));
    std::vector<std::thread> cpus;
    for (unsigned cpu = 0; cpu < 4; ++cpu)
        cpus.emplace_back([&, cpu] {
            std::mt19937 random(cpu);
            for (Nanoseconds now = 0; now < 20'000; ++now) {
                Timer& timer = *all[random() % all.size()];
                switch (random() % 4) {
                case 0: timers.arm(timer, CpuId(random() % 4), now + random() % 16); break;
                case 1: timers.cancel(timer); break;
                case 2: timers.migrate(timer, CpuId(cpu)); break;
                case 3: (void)timers.expire(CpuId(cpu), now);
                }
            }
        });
    for (auto& cpu : cpus) cpu.join();
    for (auto& timer : all) {
        timers.cancel_and_wait(*timer);
        EXPECT_FALSE(timer->is_armed());
    }
    for (unsigned cpu = 0; cpu < 4; ++cpu) EXPECT_EQ(next_deadline(CpuId(cpu)), never);
    EXPECT_GT(callbacks, 0);
}

struct Sink {
    void timer_fired() { ++virqs; }
    void poll_timed_out() { ++polls; }
    int virqs = 0, polls = 0;
};

TEST_F(TimersTest, PeriodicKeepsItsGridAndSkipsWhileNotRunning) {
    Sink sink;
    VcpuTimers vcpu(sink);
    constexpr Nanoseconds ms = 1'000'000;
    EXPECT_EQ(vcpu.set_periodic(CpuId(0), 0, ms - 1).error(), Error::invalid);
    ASSERT_TRUE(vcpu.set_periodic(CpuId(0), 0, 10 * ms).ok());
    (void)timers.expire(CpuId(0), 10 * ms);
    EXPECT_EQ(sink.virqs, 1);
    (void)timers.expire(CpuId(0), 23 * ms); // late: the grid stays
    EXPECT_EQ(sink.virqs, 2);
    EXPECT_EQ(next_deadline(CpuId(0)), 30 * ms);
    vcpu.switched_out();
    (void)timers.expire(CpuId(0), 55 * ms);
    EXPECT_EQ(sink.virqs, 2);
    vcpu.switched_in(CpuId(3), 57 * ms); // missed three: gets one
    EXPECT_EQ(sink.virqs, 3);
    EXPECT_EQ(next_deadline(CpuId(3)), 60 * ms);
    vcpu.stop_periodic();
    EXPECT_EQ(next_deadline(CpuId(3)), never);
    vcpu.tear_down();
}

TEST_F(TimersTest, SingleShotAndPoll) {
    Sink sink;
    VcpuTimers vcpu(sink);
    EXPECT_FALSE(vcpu.set_singleshot(CpuId(0), 500, 400, true));
    EXPECT_TRUE(vcpu.set_singleshot(CpuId(0), 500, 400, false));
    vcpu.set_poll_timeout(CpuId(0), 600);
    (void)timers.expire(CpuId(0), 500);
    EXPECT_EQ(sink.virqs, 1);
    EXPECT_EQ(sink.polls, 0);
    vcpu.switched_in(CpuId(1), 550);
    (void)timers.expire(CpuId(1), 600);
    EXPECT_EQ(sink.polls, 1);
    EXPECT_TRUE(vcpu.set_singleshot(CpuId(1), 600, 700, true));
    vcpu.stop_singleshot();
    (void)timers.expire(CpuId(1), 700);
    EXPECT_EQ(sink.virqs, 1);
    vcpu.tear_down();
}

} // namespace
} // namespace skerry
