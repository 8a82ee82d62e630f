// SPDX-License-Identifier: MIT
// What a tiny guest is written with. A guest is a folder with a main.cpp: the story in a comment, then GUEST_CASEs.
// Each case prints one verdict on the console; after the last one the guest prints "verdict: done" and powers off:
//     verdict: pass CASE | verdict: fail CASE WHAT FILE:LINE | verdict: skip CASE WHY
// No "verdict: done" means that the guest or the hypervisor broke, not that a check failed.
#pragma once
#include "lib/events.h"
#include "lib/grants.h"
#include "lib/hypercall.h"
#include "lib/memory.h"
#include "lib/peer.h"
#include "lib/print.h"
#include "lib/traps.h"
#include "lib/user.h"
#include "lib/vcpu.h"

namespace skerry::guest {

struct Case {
    const char* name;
    void (*run)();
};

// Facts given at start, copied so that they survive in a peer domain.
extern start_info_t boot_info;             // a copy of the page Xen gave
extern const start_info_t* boot_info_page; // the page itself
extern shared_info_t* shared;              // mapped at start
extern const char* command_line;

// Records a failure of the running case. Returns `good`.
bool expect(bool good, const char* what, const char* file, int line);
bool expect_equal(long left, long right, const char* what, const char* file, int line);
void skip(const char* why);

[[noreturn]] void shutdown(unsigned reason);

// As an instruction of the guest, which traps.
inline uint64_t read_msr(uint32_t msr) {
    uint32_t low, high;
    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return uint64_t{high} << 32 | low;
}
inline void write_msr(uint32_t msr, uint64_t value) {
    asm volatile("wrmsr" ::"c"(msr), "a"(static_cast<uint32_t>(value)), "d"(static_cast<uint32_t>(value >> 32))
                 : "memory");
}

// Nanoseconds since boot by the pvclock page of vCPU 0.
uint64_t system_time();

// Spins (yielding) until `condition` holds, for at most `milliseconds` of guest time. True if it held.
template <typename Condition> bool wait_for(Condition condition, unsigned milliseconds = 30000) {
    const uint64_t end = system_time() + milliseconds * 1000000ULL;
    while (!condition()) {
        if (system_time() > end) return condition();
        sched_op(SCHEDOP_yield, nullptr);
    }
    return true;
}

inline void spin(unsigned times) {
    for (; times > 0; times--) asm volatile("");
}

inline uint64_t read_tsc() {
    uint32_t low, high;
    asm volatile("rdtsc" : "=a"(low), "=d"(high)::"memory");
    return uint64_t{high} << 32 | low;
}

} // namespace skerry::guest

#define GUEST_CASE(case_name)                                                                                          \
    static void case_name();                                                                                           \
    [[gnu::section(".cases"), gnu::used, gnu::aligned(16)]] static const skerry::guest::Case case_entry_##case_name{   \
        #case_name, case_name};                                                                                        \
    static void case_name()
#define EXPECT(condition) skerry::guest::expect(condition, #condition, __FILE__, __LINE__)
#define EXPECT_EQ(left, right)                                                                                         \
    skerry::guest::expect_equal((long)(left), (long)(right), #left " == " #right, __FILE__, __LINE__)
#define REQUIRE(condition)                                                                                             \
    do {                                                                                                               \
        if (!EXPECT(condition)) return;                                                                                \
    } while (0)
#define REQUIRE_EQ(left, right)                                                                                        \
    do {                                                                                                               \
        if (!EXPECT_EQ(left, right)) return;                                                                           \
    } while (0)
