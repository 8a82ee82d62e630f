// SPDX-License-Identifier: MIT
// Machine registers of a first domain: which it reads, which of its writes count, are ignored, or fault.
#include "lib/guest.h"

#include <initializer_list>

using namespace skerry::guest;

namespace {

constexpr uint32_t mc_address = 0, mc_type = 1, misc_features = 0x140, mcg_cap = 0x179, mcg_status = 0x17a,
                   mcg_ctl = 0x17b, misc_enable = 0x1a0, pat = 0x277, mc0_ctl2 = 0x280, mc0_ctl = 0x400,
                   mc0_status = 0x401, mc31_misc = 0x47f, hypercall_page_msr = 0x40000000;

uint64_t value;
int read(uint32_t number) {
    return attempt([=] {
               uint32_t low, high;
               asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number));
               value = uint64_t{high} << 32 | low;
           })
        .vector;
}
int write(uint32_t number, uint64_t wanted) {
    return attempt([=] {
               asm volatile("wrmsr" ::"c"(number), "a"(static_cast<uint32_t>(wanted)),
                            "d"(static_cast<uint32_t>(wanted >> 32))
                            : "memory");
           })
        .vector;
}
void reads(uint32_t number, uint64_t expected) {
    EXPECT_EQ(read(number), no_trap);
    EXPECT_EQ(value, expected);
}

} // namespace

GUEST_CASE(two_machine_check_banks_that_never_report) {
    EXPECT_EQ(read(mcg_cap), no_trap);
    EXPECT_EQ(value & 0xff, 2);
    reads(mcg_status, 0);
    reads(mcg_ctl, 0);
    for (uint32_t bank = 0; bank < 2; bank++) {
        reads(mc0_ctl + 4 * bank, ~uint64_t{0});
        for (uint32_t part = 1; part < 4; part++) reads(mc0_ctl + 4 * bank + part, 0);
    }
    // Of the others nothing can be said, which is no fault.
    for (uint32_t number = mc0_ctl + 8; number <= mc31_misc; number += 13) reads(number, 0);
}
GUEST_CASE(machine_check_registers_can_be_written) {
    // A kernel clears them all when it starts.
    EXPECT_EQ(write(mcg_status, 0), no_trap);
    EXPECT_EQ(write(mcg_ctl, ~uint64_t{0}), no_trap);
    EXPECT_EQ(write(mc0_ctl, 0), no_trap);
    EXPECT_EQ(write(mc0_status, 0), no_trap);
    EXPECT_EQ(write(mc0_status, 1), general_protection);
    EXPECT_EQ(write(mc0_status + 4, 0), no_trap);
    EXPECT_EQ(write(mc31_misc, 0), no_trap);
}
GUEST_CASE(machine_check_interrupts) {
    reads(mc0_ctl2, 0);
    EXPECT_EQ(write(mc0_ctl2, 1ul << 30), no_trap);
    reads(mc0_ctl2, 0);
}
GUEST_CASE(machine_checks_of_old) {
    reads(mc_address, 0);
    reads(mc_type, 0);
    EXPECT_EQ(write(mc_address, 0), general_protection);
}
GUEST_CASE(memory_types_are_fixed) {
    reads(pat, 0x050100070406);
    EXPECT_EQ(write(pat, value), general_protection);
    EXPECT_EQ(write(pat, 0), general_protection);
}
GUEST_CASE(misc_enable_ignores_writes) {
    EXPECT_EQ(read(misc_enable), no_trap);
    const uint64_t before = value;
    EXPECT_EQ(write(misc_enable, before ^ 1), no_trap);
    reads(misc_enable, before);
}
GUEST_CASE(cpuid_faulting_cannot_be_had) {
    reads(misc_features, 0);
    EXPECT_EQ(write(misc_features, 0), no_trap);
    EXPECT_EQ(write(misc_features, 1), general_protection);
}
GUEST_CASE(machine_check_registers_of_absent_banks_ignore_everything) {
    for (uint32_t number = mc0_ctl + 8; number <= mc31_misc; number += 13) {
        EXPECT_EQ(write(number, ~uint64_t{0}), no_trap);
        reads(number, 0);
    }
    EXPECT_EQ(read(mcg_cap), no_trap);
    const uint64_t before = value;
    EXPECT_EQ(write(mcg_cap, 0), no_trap);
    reads(mcg_cap, before);
    EXPECT_EQ(write(mcg_status, 7), no_trap);
    EXPECT_EQ(write(mcg_status, 0), no_trap);
}
GUEST_CASE(registers_of_one_vendor) {
    constexpr uint32_t microcode_level = 0x8b, hardware_configuration = 0xc0010015;
    if (read(hardware_configuration) != no_trap) return skip("this machine is not AMD's");
    EXPECT_EQ(write(hardware_configuration, ~uint64_t{0}), no_trap);
    EXPECT_EQ(read(hardware_configuration), no_trap);
    EXPECT(value != ~uint64_t{0});
    EXPECT_EQ(write(microcode_level, 0), general_protection); // what Intel wants before it is read
}
GUEST_CASE(performance_is_not_the_guests) {
    constexpr uint32_t perf_status = 0x198, perf_control = 0x199, perf_capabilities = 0x345, mperf = 0xe7;
    reads(perf_capabilities, 0);
    EXPECT_EQ(read(mperf), general_protection);
    const bool is_intel = read(perf_control) == no_trap;
    for (const uint32_t counter :
         {0xc1u, 0xc8u, 0x186u, 0x189u, 0x309u, 0x38du, 0x390u, 0xc0010000u, 0xc0010007u, 0xc0010200u, 0xc001020bu}) {
        const bool is_there = counter < 0xc0000000u ? is_intel : !is_intel;
        EXPECT_EQ(write(counter, 0x1234), is_there ? no_trap : general_protection);
        EXPECT_EQ(read(counter), is_there ? no_trap : general_protection);
        if (is_there) EXPECT_EQ(value, 0);
    }
    EXPECT_EQ(read(0xc001020c), general_protection);
    if (!is_intel) return;
    reads(perf_control, 0);
    reads(perf_status, 0);
    EXPECT_EQ(write(perf_control, 0x1200), no_trap);
    reads(perf_control, 0);
    EXPECT_EQ(write(perf_status, 1), general_protection);
}
GUEST_CASE(hypercall_page_register_reads_as_nothing) { reads(hypercall_page_msr, 0); }
GUEST_CASE(segment_and_system_call_registers_of_the_hypervisor) {
    for (const uint32_t number : {0xc0000081u, 0xc0000082u, 0xc0000083u, 0xc0000084u, 0x174u, 0x175u, 0x176u})
        EXPECT_EQ(read(number), general_protection);
}
