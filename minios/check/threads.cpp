// SPDX-License-Identifier: MIT
#include "checks.h"

using namespace minios;

namespace {

int counter, ended;
WaitQueue gate;
bool open_gate;

void count_up(void*) {
    for (int i = 0; i < 10; ++i) {
        ++counter;
        threads::yield();
    }
    ++ended;
}

void wait_at_gate(void*) {
    wait_until(gate, [] { return open_gate; });
    ++ended;
}

bool timer_ran;
Thread* waiter;
WaitEnd first_end, second_end;

void wait_twice(void*) {
    waiter = threads::current();
    first_end = gate.wait_interruptibly();
    second_end = gate.wait() ? WaitEnd::woken : WaitEnd::timed_out;
    waiter = nullptr;
}

/// interrupt() ends a wait that can be interrupted, and no other.
void check_interrupting() {
    (void)threads::create("twice", wait_twice, nullptr);
    threads::yield();
    threads::interrupt(*waiter);
    threads::yield();
    CHECK(waiter != nullptr && first_end == WaitEnd::interrupted);
    threads::interrupt(*waiter);
    threads::yield();
    CHECK(waiter != nullptr);
    gate.wake_one();
    threads::yield();
    CHECK(waiter == nullptr && second_end == WaitEnd::woken);
    CHECK(gate.wait_interruptibly(clock::now_ns() + 1'000'000) == WaitEnd::timed_out);
}

} // namespace

void check_threads() {
    const std::uint64_t before = frames::free_count();
    for (int round = 0; round < 2; ++round) {
        counter = ended = 0;
        open_gate = false;
        bool created = true;
        for (int i = 0; i < 20; ++i)
            created = created && threads::create("count", count_up, nullptr).ok() &&
                      threads::create("gate", wait_at_gate, nullptr).ok();
        report("40 threads", created);
        while (ended < 20) threads::yield();
        CHECK(counter == 200);
        open_gate = true;
        gate.wake_all();
        while (ended < 40) threads::yield();
        report("all passed the gate", ended == 40);
    }
    threads::yield();
    report("stacks are given back", before - frames::free_count() < 32);

    const std::uint64_t start = clock::now_ns();
    clock::sleep_ms(20);
    const std::uint64_t slept = clock::now_ns() - start;
    print("slept %lu us\n", slept / 1000);
    report("sleep", slept >= 20'000'000 && slept < 500'000'000);

    clock::Timer timer([](void*) { timer_ran = true; }, nullptr);
    timer.set(clock::now_ns() + 5'000'000);
    clock::sleep_ms(10);
    report("timer", timer_ran && !timer.armed());
    report("wait with a deadline", !gate.wait(clock::now_ns() + 1'000'000));
    check_interrupting();
    CHECK(clock::wall_ns() > 1'500'000'000ull * 1'000'000'000);
}
