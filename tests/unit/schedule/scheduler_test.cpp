// SPDX-License-Identifier: MIT
#include "simulated_machine.h"

#include <array>
#include <random>

namespace skerry::test {
namespace {

double share(const TestVcpu& vcpu, Nanoseconds of) { return double(vcpu.ran) / double(of); }

TEST(Scheduler, AnIdleMachineIdlesWithoutTimer) {
    Machine machine(2);
    machine.run_for(10 * seconds);
    EXPECT_TRUE(machine.is_idle(0));
    EXPECT_LT(machine.choices, 10u);
    EXPECT_EQ(scheduler.idle_time(CpuId(1)), 10 * seconds);
}

TEST(Scheduler, ALoneVcpuOnOneCpuIsNeverInterrupted) {
    Machine machine(1);
    SchedGroup group;
    TestVcpu& vcpu = machine.add(group);
    unsigned before = machine.choices;
    machine.run_for(10 * seconds);
    EXPECT_EQ(vcpu.ran, 10 * seconds);
    EXPECT_EQ(machine.choices, before);
}

TEST(Scheduler, EqualWeightsShareEqually) {
    Machine machine(1);
    SchedGroup group;
    TestVcpu& a = machine.add(group);
    TestVcpu& b = machine.add(group);
    TestVcpu& c = machine.add(group);
    machine.run_for(10 * seconds);
    for (TestVcpu* vcpu : {&a, &b, &c}) EXPECT_NEAR(share(*vcpu, 10 * seconds), 1 / 3.0, 0.01);
    EXPECT_LT(machine.switches, 10u * 300u) << "turns are not shorter than a slice";
}

TEST(Scheduler, WeightsAreProportions) {
    Machine machine(1);
    SchedGroup heavy, normal, light;
    ASSERT_TRUE(heavy.set(1024, 0).ok());
    ASSERT_TRUE(light.set(64, 0).ok());
    TestVcpu& h = machine.add(heavy);
    TestVcpu& n = machine.add(normal);
    TestVcpu& l = machine.add(light);
    machine.run_for(20 * seconds);
    double all = 1024 + 256 + 64;
    EXPECT_NEAR(share(h, 20 * seconds), 1024 / all, 0.01);
    EXPECT_NEAR(share(n, 20 * seconds), 256 / all, 0.01);
    EXPECT_NEAR(share(l, 20 * seconds), 64 / all, 0.01);
}

TEST(Scheduler, ExtremeWeightsStarveNobody) {
    Machine machine(1);
    SchedGroup heavy, light;
    ASSERT_TRUE(heavy.set(65535, 0).ok());
    ASSERT_TRUE(light.set(1, 0).ok());
    machine.add(heavy);
    TestVcpu& l = machine.add(light);
    machine.run_for(200 * seconds);
    EXPECT_GT(l.ran, 0u);
    EXPECT_LT(share(l, 200 * seconds), 0.001);
}

TEST(Scheduler, WeightAndCapAreChecked) {
    SchedGroup group;
    EXPECT_EQ(group.set(0, 0).error(), Error::invalid);
    EXPECT_EQ(group.set(65536, 0).error(), Error::invalid);
    EXPECT_EQ(group.set(256, 100'000).error(), Error::invalid);
    EXPECT_EQ(group.weight(), 256u);
    EXPECT_TRUE(group.set(65535, 100).ok());
}

TEST(Scheduler, ThreeOnTwoCpusGetTwoThirdsEach) {
    Machine machine(2);
    SchedGroup group;
    std::array vcpus{&machine.add(group), &machine.add(group), &machine.add(group)};
    machine.run_for(10 * seconds);
    for (TestVcpu* vcpu : vcpus) EXPECT_NEAR(share(*vcpu, 10 * seconds), 2 / 3.0, 0.03);
}

TEST(Scheduler, IsWorkConserving) {
    Machine machine(4);
    SchedGroup group;
    std::vector<TestVcpu*> hogs;
    for (int i = 0; i < 4; ++i) hogs.push_back(&machine.add(group, 0, 0, 0)); // all start on CPU 0
    machine.run_for(1 * seconds);
    for (TestVcpu* hog : hogs) EXPECT_GT(share(*hog, 1 * seconds), 0.99);
}

TEST(Scheduler, IdleCpuTakesOverWhenSomebodyBlocks) {
    Machine machine(2);
    SchedGroup group;
    TestVcpu& a = machine.add(group);
    TestVcpu& b = machine.add(group);
    TestVcpu& c = machine.add(group);
    machine.run_for(100 * ms);
    for (TestVcpu* vcpu : {&a, &b, &c}) {
        if (vcpu->is_running()) {
            machine.block(*vcpu);
            machine.settle();
            break;
        }
    }
    EXPECT_FALSE(machine.is_idle(0));
    EXPECT_FALSE(machine.is_idle(1));
}

TEST(Scheduler, SharesWithWeightsOnManyCpus) {
    Machine machine(4);
    SchedGroup heavy, normal;
    ASSERT_TRUE(heavy.set(512, 0).ok());
    std::vector<TestVcpu*> heavies, normals;
    for (int i = 0; i < 4; ++i) {
        heavies.push_back(&machine.add(heavy));
        normals.push_back(&machine.add(normal));
        normals.push_back(&machine.add(normal));
    }
    machine.run_for(20 * seconds);
    for (TestVcpu* vcpu : heavies) EXPECT_NEAR(share(*vcpu, 20 * seconds), 0.5, 0.06);
    for (TestVcpu* vcpu : normals) EXPECT_NEAR(share(*vcpu, 20 * seconds), 0.25, 0.04);
}

TEST(Scheduler, AServiceDomainWakesAtOnceUnderLoad) {
    Machine machine(1);
    SchedGroup group;
    machine.add(group);
    machine.add(group);
    TestVcpu& service = machine.add(group, 100 * us, 5 * ms);
    machine.run_for(5 * seconds);
    ASSERT_GT(service.runs, 900u);
    EXPECT_EQ(service.worst_latency, 0u) << "a mostly idle vCPU preempts at once";
}

TEST(Scheduler, AServiceDomainOnABusyMachineWakesSoon) {
    Machine machine(2);
    SchedGroup hogs, services;
    for (int i = 0; i < 6; ++i) machine.add(hogs);
    TestVcpu& service = machine.add(services, 50 * us, 2 * ms);
    machine.run_for(5 * seconds);
    EXPECT_LT(double(service.total_latency) / service.runs, 50.0 * us);
}

TEST(Scheduler, AWakeUpStormPaysForItsPreemptions) {
    Machine machine(1);
    SchedGroup group;
    TestVcpu& hog = machine.add(group);
    machine.add(group, 1 * us, 10 * us); // would preempt 90,000 times a second
    machine.run_for(1 * seconds);
    EXPECT_LT(machine.switches, 120'000u);
    EXPECT_GT(share(hog, 1 * seconds), 0.85);
}

TEST(Scheduler, SleepingDoesNotHoardCredit) {
    Machine machine(1);
    SchedGroup group;
    TestVcpu& hog = machine.add(group);
    TestVcpu& sleeper = machine.add(group);
    machine.block(sleeper.is_running() ? sleeper : hog);
    machine.settle();
    TestVcpu& asleep = sleeper.is_blocked() ? sleeper : hog;
    TestVcpu& awake = sleeper.is_blocked() ? hog : sleeper;
    machine.run_for(60 * seconds);
    machine.wake(asleep);
    Nanoseconds before = awake.ran;
    machine.run_for(1 * seconds);
    EXPECT_NEAR(double(awake.ran - before) / seconds, 0.5, 0.02);
}

TEST(Scheduler, CapLimitsEvenOnAnIdleMachine) {
    Machine machine(4);
    SchedGroup capped;
    ASSERT_TRUE(capped.set(256, 50).ok());
    TestVcpu& a = machine.add(capped);
    machine.run_for(10 * seconds);
    EXPECT_NEAR(share(a, 10 * seconds), 0.5, 0.01);
}

TEST(Scheduler, ACapTakesEffectWhenItIsSetAndAsksNothingForThePast) {
    Machine machine(1);
    SchedGroup group;
    TestVcpu& a = machine.add(group);
    machine.run_for(10 * seconds);
    ASSERT_TRUE(group.set(256, 50).ok());
    scheduler.reconsider(a);
    a.ran = 0;
    machine.run_for(1 * seconds);
    EXPECT_NEAR(share(a, 1 * seconds), 0.5, 0.02);
}

TEST(Scheduler, CapCoversTheWholeGroup) {
    Machine machine(4);
    SchedGroup capped, free;
    ASSERT_TRUE(capped.set(256, 150).ok());
    std::vector<TestVcpu*> vcpus;
    for (int i = 0; i < 4; ++i) vcpus.push_back(&machine.add(capped));
    TestVcpu& other = machine.add(free);
    machine.run_for(10 * seconds);
    Nanoseconds sum = 0;
    for (TestVcpu* vcpu : vcpus) sum += vcpu->ran;
    EXPECT_NEAR(double(sum) / (10 * seconds), 1.5, 0.03);
    EXPECT_GT(share(other, 10 * seconds), 0.8);
    ASSERT_TRUE(capped.set(256, 0).ok());
    sum = 0;
    for (TestVcpu* vcpu : vcpus) vcpu->ran = 0;
    machine.run_for(1 * seconds);
    for (TestVcpu* vcpu : vcpus) sum += vcpu->ran;
    EXPECT_GT(double(sum) / (1 * seconds), 2.9);
}

TEST(Scheduler, YieldLetsTheOtherRunOnceAndKeepsTheShare) {
    Machine machine(1);
    SchedGroup group;
    TestVcpu& a = machine.add(group);
    TestVcpu& b = machine.add(group);
    machine.run_for(1 * ms);
    TestVcpu& first = a.is_running() ? a : b;
    TestVcpu& second = a.is_running() ? b : a;
    scheduler.yield(first);
    machine.settle();
    EXPECT_TRUE(second.is_running());
    EXPECT_FALSE(first.is_blocked());
    machine.run_for(10 * seconds);
    EXPECT_NEAR(double(a.ran) / double(b.ran), 1.0, 0.02);
}

TEST(Scheduler, YieldAloneReturnsToTheSameWithoutASwitch) {
    Machine machine(1);
    SchedGroup group;
    TestVcpu& a = machine.add(group);
    unsigned switches = machine.switches;
    scheduler.yield(a);
    machine.settle();
    EXPECT_TRUE(a.is_running());
    EXPECT_EQ(machine.switches, switches);
}

TEST(Scheduler, IdleKeepsTheStateUntilSomebodyNeedsIt) {
    Machine machine(2);
    SchedGroup group;
    TestVcpu& a = machine.add(group);
    machine.block(a);
    machine.settle();
    EXPECT_TRUE(a.is_on_cpu());
    EXPECT_FALSE(a.is_running());
    unsigned switches = machine.switches;
    machine.wake(a);
    machine.settle();
    EXPECT_TRUE(a.is_running());
    EXPECT_EQ(machine.switches, switches) << "back to the same vCPU: nothing to load";
    machine.block(a);
    machine.settle();
    scheduler.pause(a);
    machine.settle();
    EXPECT_FALSE(a.is_on_cpu()) << "whoever paused it wants to see its registers";
    EXPECT_EQ(scheduler.runstate(a).state, RUNSTATE_blocked) << "blocked dominates offline";
    machine.wake(a);
    EXPECT_EQ(scheduler.runstate(a).state, RUNSTATE_offline);
    scheduler.unpause(a);
    machine.settle();
    EXPECT_TRUE(a.is_running());
}

TEST(Scheduler, BlockSeesWhatIsPending) {
    Machine machine(1);
    SchedGroup group;
    TestVcpu& a = machine.add(group);
    EXPECT_FALSE(scheduler.block(a, [] { return true; }));
    machine.settle();
    EXPECT_TRUE(a.is_running());
    // An event between the look and the switch.
    EXPECT_TRUE(scheduler.block(a, [] { return false; }));
    EXPECT_TRUE(scheduler.wake(a));
    EXPECT_FALSE(scheduler.wake(a));
    machine.settle();
    EXPECT_TRUE(a.is_running());
}

TEST(Scheduler, PauseCounts) {
    Machine machine(1);
    SchedGroup group;
    TestVcpu& a = machine.add(group);
    scheduler.pause(a);
    scheduler.pause(a);
    machine.settle();
    EXPECT_TRUE(machine.is_idle(0));
    EXPECT_FALSE(a.is_on_cpu());
    scheduler.unpause(a);
    machine.settle();
    EXPECT_TRUE(machine.is_idle(0));
    scheduler.unpause(a);
    machine.settle();
    EXPECT_TRUE(a.is_running());
}

TEST(Scheduler, DownAndUp) {
    Machine machine(1);
    SchedGroup group;
    TestVcpu& a = machine.add(group);
    EXPECT_FALSE(scheduler.bring_up(a));
    EXPECT_TRUE(scheduler.take_down(a));
    EXPECT_FALSE(scheduler.take_down(a));
    machine.settle();
    EXPECT_TRUE(machine.is_idle(0));
    EXPECT_EQ(scheduler.runstate(a).state, RUNSTATE_offline);
    EXPECT_FALSE(scheduler.wake(a)) << "an event does not bring up a CPU that is down";
    scheduler.retire(a);
}

TEST(Scheduler, RunstateTimesAddUp) {
    Machine machine(1);
    SchedGroup group;
    TestVcpu& a = machine.add(group, 3 * ms, 2 * ms);
    TestVcpu& b = machine.add(group);
    machine.run_for(10 * seconds);
    for (TestVcpu* vcpu : {&a, &b}) {
        vcpu_runstate_info info = scheduler.runstate(*vcpu);
        EXPECT_EQ(info.time[0] + info.time[1] + info.time[2] + info.time[3], machine.now());
        EXPECT_EQ(info.time[RUNSTATE_running], vcpu->ran);
    }
    EXPECT_EQ(scheduler.runstate(b).time[RUNSTATE_blocked], 0u);
    EXPECT_GT(scheduler.runstate(a).time[RUNSTATE_blocked], 1 * seconds);
}

TEST(Scheduler, HardAffinityHolds) {
    Machine machine(3);
    SchedGroup group;
    TestVcpu& a = machine.add(group);
    TestVcpu& b = machine.add(group);
    for (TestVcpu* vcpu : {&a, &b}) {
        ASSERT_TRUE(scheduler.set_affinity(*vcpu, Affinity::of(CpuId(2)), Affinity::all()).ok());
        machine.settle();
    }
    machine.run_for(1 * seconds); // the machine checks each choice
    EXPECT_NEAR(double(a.ran) / double(b.ran), 1.0, 0.02);
    EXPECT_TRUE(machine.is_idle(0));
    EXPECT_TRUE(machine.is_idle(1));
    Affinity absent = Affinity::of(CpuId(77));
    EXPECT_EQ(scheduler.set_affinity(a, absent, Affinity::all()).error(), Error::invalid);
    EXPECT_TRUE(scheduler.hard_affinity(a) == Affinity::of(CpuId(2)));
}

TEST(Scheduler, AffinityOfASleeperWhoseStateIsStillLoaded) {
    Machine machine(2);
    SchedGroup group;
    TestVcpu& a = machine.add(group);
    unsigned cpu = a.home().value;
    machine.block(a);
    machine.settle();
    ASSERT_TRUE(a.is_on_cpu());
    ASSERT_TRUE(scheduler.set_affinity(a, Affinity::of(CpuId(1 - cpu)), Affinity::all()).ok());
    machine.wake(a);
    machine.settle();
    EXPECT_TRUE(a.is_running());
    EXPECT_EQ(a.home().value, 1 - cpu);
}

TEST(Scheduler, SoftAffinityIsPreferred) {
    Machine machine(4);
    SchedGroup group;
    TestVcpu& a = machine.add(group, 1 * ms, 1 * ms);
    ASSERT_TRUE(scheduler.set_affinity(a, Affinity::all(), Affinity::of(CpuId(3))).ok());
    machine.run_for(100 * ms);
    EXPECT_EQ(a.home().value, 3u);
}

TEST(Scheduler, PinnedHistoryDoesNotStarveAnybody) {
    Machine machine(2);
    SchedGroup group;
    TestVcpu& alone = machine.add(group);
    ASSERT_TRUE(scheduler.set_affinity(alone, Affinity::of(CpuId(0)), Affinity::all()).ok());
    machine.settle();
    TestVcpu& b = machine.add(group);
    TestVcpu& c = machine.add(group);
    for (TestVcpu* vcpu : {&b, &c})
        ASSERT_TRUE(scheduler.set_affinity(*vcpu, Affinity::of(CpuId(1)), Affinity::all()).ok());
    machine.run_for(100 * seconds);
    for (TestVcpu* vcpu : {&alone, &b, &c}) {
        ASSERT_TRUE(scheduler.set_affinity(*vcpu, Affinity::all(), Affinity::all()).ok());
        vcpu->ran = 0;
    }
    machine.run_for(10 * seconds);
    for (TestVcpu* vcpu : {&alone, &b, &c}) EXPECT_NEAR(share(*vcpu, 10 * seconds), 2 / 3.0, 0.12);
}

TEST(Scheduler, RandomOperationsKeepTheRules) {
    for (unsigned seed = 0; seed < 20; ++seed) {
        std::mt19937 random(seed);
        unsigned cpu_count = 1 + seed % 4;
        Machine machine(cpu_count);
        SchedGroup groups[3];
        ASSERT_TRUE(groups[1].set(1000, 0).ok());
        ASSERT_TRUE(groups[2].set(100, 30).ok());
        std::vector<TestVcpu*> vcpus;
        std::vector<unsigned> pauses(8);
        for (int i = 0; i < 8; ++i) vcpus.push_back(&machine.add(groups[i % 3], 0, 0, i % cpu_count));
        for (int step = 0; step < 3000 && !testing::Test::HasFatalFailure(); ++step) {
            unsigned index = random() % vcpus.size();
            TestVcpu& vcpu = *vcpus[index];
            switch (random() % 9) {
            case 0:
                if (vcpu.is_running()) machine.block(vcpu);
                break;
            case 1: machine.wake(vcpu); break;
            case 2:
                scheduler.pause(vcpu);
                ++pauses[index];
                break;
            case 3:
                if (pauses[index]) {
                    --pauses[index];
                    scheduler.unpause(vcpu);
                }
                break;
            case 4: {
                Affinity hard, soft;
                hard.set_byte(0, static_cast<uint8_t>(random()));
                soft.set_byte(0, static_cast<uint8_t>(random()));
                bool online = hard.word(0) & ((1u << cpu_count) - 1);
                ASSERT_EQ(scheduler.set_affinity(vcpu, hard, soft).ok(), online);
                break;
            }
            case 5:
                if (vcpu.is_running()) scheduler.yield(vcpu);
                break;
            case 6: (void)(random() % 2 ? scheduler.take_down(vcpu) : scheduler.bring_up(vcpu)); break;
            default: machine.run_for(random() % (20 * ms));
            }
            if (random() % 2) machine.settle();
        }
        // Let go of everything: all run.
        for (unsigned i = 0; i < vcpus.size(); ++i) {
            for (; pauses[i]; --pauses[i]) scheduler.unpause(*vcpus[i]);
            (void)scheduler.bring_up(*vcpus[i]);
            machine.wake(*vcpus[i]);
            ASSERT_TRUE(scheduler.set_affinity(*vcpus[i], Affinity::all(), Affinity::all()).ok());
            vcpus[i]->ran = 0;
        }
        machine.run_for(20 * seconds);
        for (TestVcpu* vcpu : vcpus) EXPECT_GT(vcpu->ran, 100 * ms) << "starved, seed " << seed;
        for (TestVcpu* vcpu : vcpus) {
            vcpu_runstate_info info = scheduler.runstate(*vcpu);
            EXPECT_LE(info.time[0] + info.time[1] + info.time[2] + info.time[3], machine.now());
        }
    }
}

} // namespace
} // namespace skerry::test
