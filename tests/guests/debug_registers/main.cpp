// SPDX-License-Identifier: MIT
// Debug registers: hardware breakpoints work on the guest's own addresses and cannot reach the hypervisor.
#include "lib/guest.h"

#include <initializer_list>

using namespace skerry::guest;

static long set(int reg, uint64_t value) { return hypercall(__HYPERVISOR_set_debugreg, reg, value); }
static uint64_t get(int reg) { return static_cast<uint64_t>(hypercall(__HYPERVISOR_get_debugreg, reg)); }

static volatile uint64_t watched;

GUEST_CASE(address_registers_keep_their_value) {
    for (int reg = 0; reg < 4; reg++) {
        EXPECT_EQ(set(reg, 0x1000 + static_cast<uint64_t>(reg)), 0);
        EXPECT_EQ(get(reg), 0x1000 + reg);
        EXPECT_EQ(set(reg, 0), 0);
    }
}
GUEST_CASE(write_watchpoint_traps) {
    REQUIRE_EQ(set(0, reinterpret_cast<uint64_t>(&watched)), 0);
    REQUIRE_EQ(set(7, 0x000d0001 | 0x400), 0); // L0, write, 8 bytes... LEN 4 is 0xd
    const Trap trap = attempt([] {
        watched = 5;
        asm volatile("nop");
    });
    EXPECT_EQ(trap.vector, debug_trap);
    EXPECT(get(6) & 1);
    EXPECT_EQ(set(7, 0), 0);
    EXPECT_EQ(set(6, 0), 0);
    EXPECT_EQ(attempt([] {
                  watched = 6;
                  asm volatile("nop");
              }).vector,
              no_trap);
    EXPECT_EQ(set(0, 0), 0);
}
GUEST_CASE(hypervisor_addresses_are_refused) {
    for (int reg = 0; reg < 4; reg++) {
        for (const uint64_t address :
             {0xffff82d040200000UL, 0xffff830000000000UL, 0xffff800000000000UL, 0x1000000000000000UL})
            EXPECT(set(reg, address) < 0);
        EXPECT_EQ(get(reg), 0);
    }
}
GUEST_CASE(reserved_bits) {
    EXPECT(set(6, 1UL << 32) < 0);
    EXPECT(set(7, 1UL << 32) < 0);
    EXPECT(set(7, 0x00020001) < 0 || get(7) == 0x00020001 || (get(7) & 0x2) == 0); // I/O breakpoints without CR4.DE
    set(7, 0);
}
GUEST_CASE(general_detect_is_not_given) {
    // DR7.GD would make the hypervisor itself trap.
    if (set(7, 0x2000 | 0x400) == 0) EXPECT_EQ(get(7) & 0x2000, 0);
    set(7, 0);
}
GUEST_CASE(unknown_register) {
    EXPECT(set(8, 0) < 0);
    EXPECT(static_cast<long>(get(8)) < 0);
    EXPECT(set(-1, 0) < 0);
}
GUEST_CASE(by_instruction) {
    EXPECT_EQ(attempt([] { asm volatile("mov %0, %%dr0" ::"r"(0x4000UL)); }).vector, no_trap);
    uint64_t value = 0;
    EXPECT_EQ(attempt([&] { asm volatile("mov %%dr0, %0" : "=r"(value)); }).vector, no_trap);
    EXPECT_EQ(value, 0x4000);
    EXPECT_EQ(attempt([] { asm volatile("mov %0, %%dr0" ::"r"(0xffff830000000000UL)); }).vector, general_protection);
    set(0, 0);
}
GUEST_CASE(other_names_end_with_debugging_extensions) {
    constexpr uint64_t debugging_extensions = 8;
    uint64_t cr4, value;
    asm volatile("mov %%cr4, %0" : "=r"(cr4));
    asm volatile("mov %0, %%cr4" ::"r"(cr4 & ~debugging_extensions));
    EXPECT_EQ(attempt([&] { asm volatile("mov %%dr4, %0" : "=r"(value)); }).vector, no_trap);
    EXPECT_EQ(value, get(6));
    asm volatile("mov %0, %%cr4" ::"r"(cr4 | debugging_extensions));
    EXPECT_EQ(attempt([&] { asm volatile("mov %%dr4, %0" : "=r"(value)); }).vector, invalid_opcode);
    EXPECT_EQ(attempt([] { asm volatile("mov %0, %%dr5" ::"r"(0x400UL)); }).vector, invalid_opcode);
    EXPECT_EQ(get(4), static_cast<unsigned long>(enodev));
    EXPECT_EQ(attempt([&] { asm volatile("mov %%dr6, %0" : "=r"(value)); }).vector, no_trap);
    asm volatile("mov %0, %%cr4" ::"r"(cr4));
}
GUEST_CASE(single_step) {
    const Trap trap = attempt([] {
        asm volatile("pushfq\n orl $0x100, (%%rsp)\n popfq\n nop\n nop" ::: "memory", "cc");
    });
    EXPECT_EQ(trap.vector, debug_trap);
    EXPECT(get(6) & 0x4000);
    set(6, 0);
}
