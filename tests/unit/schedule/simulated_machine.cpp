// SPDX-License-Identifier: MIT
#include "simulated_machine.h"

#include <algorithm>

namespace skerry::test {

Machine* Machine::the_ = nullptr;

Machine::Machine(unsigned cpus) : cpus_(cpus) {
    the_ = this;
    new (&scheduler) Scheduler;
    scheduler.start(cpus, {[] { return the_->now_; }, [](CpuId cpu) { the_->cpus_[cpu.value].kicked = true; }});
    for (unsigned i = 0; i < cpus; ++i) {
        scheduler.cpu_online(CpuId(i));
        cpus_[i].next = &scheduler.idle(CpuId(i));
    }
    settle();
}

Machine::~Machine() { the_ = nullptr; }

TestVcpu& Machine::add(SchedGroup& group, Nanoseconds burst, Nanoseconds sleep, unsigned home) {
    TestVcpu& vcpu = *vcpus_.emplace_back(std::make_unique<TestVcpu>());
    vcpu.burst = vcpu.left = burst;
    vcpu.sleep = sleep;
    scheduler.admit(vcpu, group, CpuId(home));
    EXPECT_TRUE(scheduler.bring_up(vcpu));
    settle();
    return vcpu;
}

void Machine::choose(unsigned index) {
    Cpu& cpu = cpus_[index];
    cpu.kicked = false;
    ++choices;
    Decision decision = scheduler.choose_next(CpuId(index), now_);
    ASSERT_NE(decision.next, nullptr);
    if (decision.save) {
        ASSERT_EQ(decision.save, cpu.loaded) << "told to save what is not loaded";
        cpu.loaded->loaded_on = -1;
        cpu.loaded = nullptr;
        scheduler.state_saved(*decision.save);
    }
    if (decision.load) {
        ASSERT_EQ(decision.load, decision.next);
        ASSERT_EQ(cpu.loaded, nullptr) << "told to load over a state that was not saved";
        cpu.loaded = static_cast<TestVcpu*>(decision.load);
        ASSERT_EQ(cpu.loaded->loaded_on, -1) << "a vCPU is on two CPUs";
        cpu.loaded->loaded_on = static_cast<int>(index);
        ++switches;
    }
    if (!decision.next->is_idle()) {
        ASSERT_EQ(decision.next, cpu.loaded);
        ASSERT_TRUE(scheduler.hard_affinity(*decision.next).contains(CpuId(index)));
        ASSERT_FALSE(decision.next->is_blocked());
        ASSERT_FALSE(decision.next->is_paused());
        if (cpu.loaded->waits_to_run) {
            cpu.loaded->waits_to_run = false;
            Nanoseconds latency = now_ - cpu.loaded->became_ready;
            cpu.loaded->worst_latency = std::max(cpu.loaded->worst_latency, latency);
            cpu.loaded->total_latency += latency;
            ++cpu.loaded->runs;
        }
    }
    cpu.next = decision.next;
    cpu.slice_end = decision.slice_end;
}

void Machine::settle() {
    for (unsigned turn = 0; turn < 1000; ++turn) {
        bool quiet = true;
        for (unsigned i = 0; i < cpus_.size(); ++i) {
            if (cpus_[i].kicked || cpus_[i].slice_end <= now_) {
                quiet = false;
                choose(i);
            }
        }
        if (quiet || testing::Test::HasFatalFailure()) return;
    }
    FAIL() << "the CPUs kick each other without end";
}

void Machine::wake(TestVcpu& vcpu) {
    if (scheduler.wake(vcpu)) {
        vcpu.became_ready = now_;
        vcpu.waits_to_run = true;
    }
}

void Machine::block(TestVcpu& vcpu) {
    EXPECT_TRUE(scheduler.block(vcpu, [] { return false; }));
}

void Machine::advance_to(Nanoseconds when) {
    for (Cpu& cpu : cpus_) {
        if (cpu.next->is_idle()) continue;
        TestVcpu& vcpu = *cpu.loaded;
        vcpu.ran += when - now_;
        if (vcpu.sleep) vcpu.left -= std::min(vcpu.left, when - now_);
    }
    now_ = when;
}

void Machine::run_for(Nanoseconds duration) {
    Nanoseconds end = now_ + duration;
    settle();
    while (now_ < end && !testing::Test::HasFatalFailure()) {
        Nanoseconds next = end;
        for (Cpu& cpu : cpus_) {
            next = std::min(next, cpu.slice_end);
            if (!cpu.next->is_idle() && cpu.loaded->sleep) next = std::min(next, now_ + cpu.loaded->left);
        }
        for (auto& vcpu : vcpus_) next = std::min(next, vcpu->wake_at);
        advance_to(std::max(next, now_));
        for (Cpu& cpu : cpus_) {
            TestVcpu* vcpu = cpu.next->is_idle() ? nullptr : cpu.loaded;
            if (vcpu && vcpu->sleep && vcpu->left == 0) {
                vcpu->left = vcpu->burst;
                vcpu->wake_at = now_ + vcpu->sleep;
                block(*vcpu);
            }
        }
        settle();
        for (auto& vcpu : vcpus_) {
            if (vcpu->wake_at <= now_) {
                vcpu->wake_at = never;
                wake(*vcpu);
            }
        }
        settle();
    }
}

} // namespace skerry::test
