// SPDX-License-Identifier: MIT
// What the tests of the debugger and of crashes look at. Built without optimization, so that every variable is there.
//   debuggee WHAT     steps, threads, spin (for ever), sleep (for a day), crash, throw, overflow, exit=STATUS
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <stdexcept>
#include <thread>

struct Point {
    int x, y;
};

int watched = 0;
volatile bool spinning = true;

static int sum(const Point& point) {
    int result = point.x;
    result += point.y; // the second line of sum
    return result;
}

static void steps() {
    const Point point{30, 12};
    watched = sum(point);
    std::printf("the sum is %d\n", watched);
}

static std::mutex gate;

static void wait_at_gate(int number) {
    int doubled = number * 2;
    const std::lock_guard passing(gate);
    std::printf("through the gate: %d\n", doubled);
}

static void all_wait() {} // a place for a breakpoint

static void threads() {
    gate.lock();
    std::thread first(wait_at_gate, 21), second(wait_at_gate, 50);
    std::this_thread::yield();
    all_wait();
    gate.unlock();
    first.join();
    second.join();
}

static void spin() {
    std::printf("spinning\n");
    std::fflush(stdout);
    for (unsigned long turns = 0; spinning; ++turns) asm volatile("pause");
    std::printf("stopped spinning\n");
}

static void sleep_long() {
    std::printf("sleeping\n");
    std::fflush(stdout);
    std::this_thread::sleep_for(std::chrono::hours(24));
}

static void crash() {
    int* nowhere = reinterpret_cast<int*>(0x123450);
    *nowhere = 1; // faults
}

static int go_down(int level) {
    volatile char room[512];
    room[0] = static_cast<char>(level);
    return level < 0 ? 0 : go_down(level + 1) + room[0];
}

static void overflow() {
    std::printf("going down\n");
    std::fflush(stdout);
    std::printf("came back with %d\n", go_down(0));
}

int main(int argc, char** argv) {
    const char* what = argc > 1 ? argv[1] : "";
    if (std::strcmp(what, "steps") == 0) steps();
    if (std::strcmp(what, "threads") == 0) threads();
    if (std::strcmp(what, "spin") == 0) spin();
    if (std::strcmp(what, "sleep") == 0) sleep_long();
    if (std::strcmp(what, "crash") == 0) crash();
    if (std::strcmp(what, "throw") == 0) throw std::runtime_error("nobody catches this");
    if (std::strcmp(what, "overflow") == 0) overflow();
    return std::strncmp(what, "exit=", 5) == 0 ? std::atoi(what + 5) : 0;
}
