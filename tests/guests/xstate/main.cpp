// SPDX-License-Identifier: MIT
// Extended state: vector registers survive switches between vCPUs and domains and never show another's contents.
#include "lib/guest.h"

#include <initializer_list>

using namespace skerry::guest;

namespace {

struct alignas(32) Vector {
    uint64_t word[4];
};

bool has_avx;

void find_avx() {
    uint32_t a = 1, b, c, d;
    asm volatile(".byte 0x0f, 0x0b, 0x78, 0x65, 0x6e\n cpuid" : "+a"(a), "=b"(b), "=c"(c), "=d"(d));
    has_avx = (c >> 26 & 1) != 0 && (c >> 27 & 1) != 0 && (c >> 28 & 1) != 0; // XSAVE, OSXSAVE, AVX
}
void enable_avx() {
    uint64_t cr4;
    asm volatile("mov %%cr4, %0" : "=r"(cr4));
    asm volatile("mov %0, %%cr4" ::"r"(cr4 | 1UL << 18)); // OSXSAVE
    find_avx();
    if (has_avx) asm volatile("xsetbv" ::"c"(0), "a"(7), "d"(0));
}
void load(uint64_t seed) {
    Vector value{{seed, seed + 1, seed + 2, seed + 3}};
    if (has_avx)
        asm volatile("vmovdqa %0, %%ymm3\n vmovdqa %0, %%ymm15" ::"m"(value));
    else
        asm volatile("movdqa %0, %%xmm3\n movdqa %0, %%xmm15" ::"m"(value));
}
bool holds(uint64_t seed) {
    Vector low{}, high{};
    if (has_avx)
        asm volatile("vmovdqa %%ymm3, %0\n vmovdqa %%ymm15, %1" : "=m"(low), "=m"(high));
    else
        asm volatile("movdqa %%xmm3, %0\n movdqa %%xmm15, %1" : "=m"(low), "=m"(high));
    for (unsigned i = 0; i < (has_avx ? 4 : 2); i++)
        if (low.word[i] != seed + i || high.word[i] != seed + i) return false;
    return true;
}

void use_vectors_for_ever() {
    enable_avx(); // CR4 and XCR0 are each vCPU's own
    uint64_t seed = 0x1000;
    for (;;) {
        load(seed);
        sched_op(SCHEDOP_yield, nullptr);
        if (!holds(seed)) mailbox.word[1] = mailbox.word[1] + 1;
        seed += 7;
        mailbox.word[0] = mailbox.word[0] + 1;
    }
}
void look_at_fresh_registers() {
    enable_avx();
    Vector value{};
    if (has_avx)
        asm volatile("vmovdqa %%ymm3, %0" : "=m"(value));
    else
        asm volatile("movdqa %%xmm3, %0" : "=m"(value));
    for (unsigned i = 0; i < (has_avx ? 4 : 2); i++) mailbox.word[2 + i] = value.word[i];
    uint32_t mxcsr;
    asm volatile("stmxcsr %0" : "=m"(mxcsr));
    mailbox.word[6] = mxcsr;
    uint16_t control;
    asm volatile("fnstcw %0" : "=m"(control));
    mailbox.word[7] = control;
    shutdown(SHUTDOWN_poweroff);
}

} // namespace

GUEST_CASE(registers_stay_across_hypercalls) {
    enable_avx();
    load(0x77);
    for (int i = 0; i < 50; i++) sched_op(SCHEDOP_yield, nullptr);
    xen_version(XENVER_version, nullptr);
    EXPECT(holds(0x77));
}
GUEST_CASE(registers_stay_across_domains) {
    static Peer peer;
    REQUIRE_EQ(peer.create(use_vectors_for_ever), 0);
    load(0x99);
    peer.unpause();
    EXPECT(wait_for([] { return peer.mail[0] > 200; }));
    EXPECT(holds(0x99));
    EXPECT_EQ(peer.mail[1], 0);
    EXPECT_EQ(peer.destroy(), 0);
}
GUEST_CASE(a_new_domain_starts_with_clean_registers) {
    load(0x5ec4e7);
    static Peer peer;
    REQUIRE_EQ(peer.create(look_at_fresh_registers), 0);
    peer.unpause();
    EXPECT(peer.wait_shutdown(SHUTDOWN_poweroff));
    for (unsigned i = 2; i < 6; i++) EXPECT_EQ(peer.mail[i], 0);
    EXPECT_EQ(peer.mail[6], 0x1f80);
    EXPECT_EQ(peer.mail[7] & 0x3f, 0x3f);
    EXPECT_EQ(peer.destroy(), 0);
}
static volatile unsigned bad, rounds;
GUEST_CASE(registers_stay_across_vcpus) {
    bad = 0;
    rounds = 0;
    REQUIRE(run_on_vcpu1([] {
        enable_avx();
        for (unsigned i = 0; i < 200; i++) {
            load(0x5000 + i);
            sched_op(SCHEDOP_yield, nullptr);
            if (!holds(0x5000 + i)) bad = bad + 1;
            rounds = i;
        }
    }));
    for (unsigned i = 0; i < 200; i++) {
        load(0x9000 + i);
        sched_op(SCHEDOP_yield, nullptr);
        if (!holds(0x9000 + i)) bad = bad + 1;
    }
    EXPECT(vcpu1_idle());
    EXPECT_EQ(bad, 0);
}
GUEST_CASE(x87_and_control_words_stay) {
    uint16_t control = 0x27f, seen = 0;
    uint32_t mxcsr = 0x1fc0, mxcsr_seen = 0;
    asm volatile("fldcw %0\n ldmxcsr %1" ::"m"(control), "m"(mxcsr));
    for (int i = 0; i < 20; i++) sched_op(SCHEDOP_yield, nullptr);
    asm volatile("fnstcw %0\n stmxcsr %1" : "=m"(seen), "=m"(mxcsr_seen));
    EXPECT_EQ(seen, 0x27f);
    EXPECT_EQ(mxcsr_seen, 0x1fc0);
    mxcsr = 0x1f80;
    asm volatile("fninit\n ldmxcsr %0" ::"m"(mxcsr));
}
GUEST_CASE(xsetbv_with_nonsense) {
    if (!has_avx) return skip("no AVX here");
    EXPECT_EQ(attempt([] { asm volatile("xsetbv" ::"c"(0), "a"(0), "d"(0)); }).vector, general_protection); // x87 off
    EXPECT_EQ(attempt([] { asm volatile("xsetbv" ::"c"(0), "a"(5), "d"(0)); }).vector,
              general_protection); // AVX without SSE
    EXPECT_EQ(attempt([] { asm volatile("xsetbv" ::"c"(0), "a"(7), "d"(0x80000000)); }).vector, general_protection);
    EXPECT_EQ(attempt([] { asm volatile("xsetbv" ::"c"(5), "a"(7), "d"(0)); }).vector, general_protection);
    EXPECT_EQ(attempt([] { asm volatile("xsetbv" ::"c"(0), "a"(7), "d"(0)); }).vector, no_trap);
}
