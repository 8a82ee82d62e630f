// SPDX-License-Identifier: MIT
// Every hypercall number with arguments a lunatic would choose, from an unprivileged domain: each call returns (or ends
// that domain), and the hypervisor and its neighbours live on.
#include "lib/guest.h"

#include <initializer_list>

using namespace skerry::guest;

namespace {

uint64_t state;
uint64_t next() {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}
// Arguments: small numbers, edges, addresses of all kinds.
uint64_t argument(uint8_t* page) {
    static const uint64_t edges[] = {0,
                                     1,
                                     2,
                                     7,
                                     4095,
                                     4096,
                                     0x7ff0,
                                     0x7ff1,
                                     0x7ff2,
                                     0x7ff4,
                                     0xffff,
                                     0x7fffffff,
                                     0x80000000,
                                     0xffffffff,
                                     1UL << 40,
                                     1UL << 47,
                                     1UL << 52,
                                     1UL << 63,
                                     ~0UL,
                                     0xffff800000000000,
                                     0xffff830000000000,
                                     0xffff82d040200000,
                                     0x00007ffffffff000,
                                     0x1000000000000000};
    switch (next() % 4) {
    case 0: return edges[next() % (sizeof edges / sizeof *edges)];
    case 1: return next() % 40;
    case 2: return reinterpret_cast<uint64_t>(page) + next() % 4096;
    default: return next() >> next() % 64;
    }
}
bool leave_out(unsigned number, uint64_t first) {
    if (number == __HYPERVISOR_iret || number == __HYPERVISOR_console_io) return true; // never returns; fills the log
    // These stop or end the caller, which is no finding.
    if (number == __HYPERVISOR_sched_op || number == __HYPERVISOR_sched_op_compat)
        return first == SCHEDOP_shutdown || first == SCHEDOP_block || first == SCHEDOP_poll ||
               first == SCHEDOP_watchdog || number == __HYPERVISOR_sched_op_compat;
    if (number == __HYPERVISOR_vcpu_op) return first == VCPUOP_down;
    // The pager and the stack we stand on.
    if (number == __HYPERVISOR_set_trap_table || number == __HYPERVISOR_stack_switch ||
        number == __HYPERVISOR_set_callbacks || number == __HYPERVISOR_callback_op)
        return true;
    return false;
}

// word 1: seed, word 2: calls made, word 3: number in flight
void fuzz() {
    state = mailbox.word[1] | 1;
    auto* page = static_cast<uint8_t*>(alloc_page());
    for (unsigned round = 0; round < 6000; round++) {
        for (unsigned i = 0; i < 512; i++)
            if (round % 8 == 0) reinterpret_cast<uint64_t*>(page)[i] = argument(page);
        const unsigned number = static_cast<unsigned>(next() % 64);
        const uint64_t a = argument(page), b = argument(page), c = argument(page), d = argument(page),
                       e = argument(page);
        if (leave_out(number, a & 0xffffffff)) continue;
        mailbox.word[3] = number;
        attempt([=] { hypercall(number, a, b, c, d, e); });
        mailbox.word[2] = mailbox.word[2] + 1;
    }
    mailbox.word[4] = 1;
    shutdown(SHUTDOWN_poweroff);
}
void one_domain(uint64_t seed) {
    static Peer peer;
    peer = {};
    REQUIRE_EQ(peer.create(fuzz), 0);
    peer.mail[1] = seed;
    peer.unpause();
    const bool ended = wait_for([] { return peer.shutdown_reason() >= 0; }, 20000);
    if (!EXPECT(ended)) print("    seed %lx: %lu calls, hangs in hypercall %lu\n", seed, peer.mail[2], peer.mail[3]);
    // It may end itself early, by losing its own page tables say.
    EXPECT_EQ(peer.destroy(), 0);
    EXPECT(xen_version(XENVER_version, nullptr) > 0);
}

} // namespace

GUEST_CASE(numbers_without_a_hypercall) {
    for (const unsigned number : {11U, 43U, 47U, 50U, 57U, 63U}) EXPECT_EQ(hypercall(number, 0, 0, 0, 0, 0), enosys);
}
GUEST_CASE(numbers_beyond_the_table) {
    // Entered directly: the page has stubs for all, so the number is put in eax by hand.
    for (const unsigned long number :
         {64UL, 127UL, 128UL, 255UL, 4096UL, 0x7fffffffUL, 0x80000000UL, 0xffffffffUL, 1UL << 32, ~0UL}) {
        long result = number;
        asm volatile("syscall" : "+a"(result) : "D"(0), "S"(0), "d"(0) : "rcx", "r11", "memory");
        if ((number & 0xffffffff) >= 64) EXPECT_EQ(result, enosys);
    }
}
GUEST_CASE(seed_1) { one_domain(0x1234567); }
GUEST_CASE(seed_2) { one_domain(0xabcdef01); }
GUEST_CASE(seed_3) { one_domain(0x5555aaaa5555); }
GUEST_CASE(seed_4) { one_domain(0x987654321); }
GUEST_CASE(seed_5) { one_domain(0x31415926535); }
GUEST_CASE(seed_6) { one_domain(0x27182818284); }
