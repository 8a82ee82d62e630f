// SPDX-License-Identifier: MIT
// vCPUs block, wake, yield, are paused, capped, pinned and taken down as the input says. The simulated machine checks
// every switch (no vCPU in two places, none that must not run); in the end, all let go, each must get to run.
#include "simulated_machine.h"

#include <array>

using namespace skerry;
using namespace skerry::test;

namespace {

struct Play {
    Play(const uint8_t* data, size_t size) : next(data), end(data + size), machine(cpu_count = 1 + byte() % 4) {
        for (unsigned i = 0; i < vcpus.size(); ++i)
            vcpus[i] = &machine.add(groups[i % groups.size()], 0, 0, i % cpu_count);
    }
    uint32_t byte() { return next < end ? *next++ : 0; }

    void act() {
        uint32_t choice = byte(), index = byte() % vcpus.size();
        TestVcpu& vcpu = *vcpus[index];
        switch (choice % 10) {
        case 0:
            if (vcpu.is_running()) (void)scheduler.block(vcpu, [&] { return choice & 128; });
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
            hard.set_byte(0, static_cast<uint8_t>(byte()));
            soft.set_byte(0, static_cast<uint8_t>(byte()));
            (void)scheduler.set_affinity(vcpu, hard, soft).ok();
            break;
        }
        case 5:
            if (vcpu.is_running()) scheduler.yield(vcpu);
            break;
        case 6: (void)(choice & 128 ? scheduler.take_down(vcpu) : scheduler.bring_up(vcpu)); break;
        case 7: {
            uint32_t weight = 16 + byte() * 256; // lighter ones may have to wait longer than this test does
            (void)groups[index % groups.size()].set(weight, choice & 128 ? byte() : 0).ok();
            break;
        }
        default: machine.run_for(byte() * 100 * us);
        }
        if (choice & 64) machine.settle();
    }

    void everybody_runs() {
        for (SchedGroup& group : groups) (void)group.set(256, 0).ok();
        for (unsigned i = 0; i < vcpus.size(); ++i) {
            for (; pauses[i]; --pauses[i]) scheduler.unpause(*vcpus[i]);
            (void)scheduler.bring_up(*vcpus[i]);
            machine.wake(*vcpus[i]);
            EXPECT_TRUE(scheduler.set_affinity(*vcpus[i], Affinity::all(), Affinity::all()).ok());
            vcpus[i]->ran = 0;
        }
        machine.run_for(6 * seconds);
        for (TestVcpu* vcpu : vcpus) EXPECT_GT(vcpu->ran, 0u) << "starved";
    }

    const uint8_t* next;
    const uint8_t* end;
    unsigned cpu_count;
    std::array<SchedGroup, 3> groups;
    Machine machine;
    std::array<TestVcpu*, 6> vcpus;
    std::array<unsigned, 6> pauses{};
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    testing::GTEST_FLAG(throw_on_failure) = true;
    Play play(data, size);
    while (play.next < play.end) play.act();
    play.everybody_runs();
    return 0;
}
