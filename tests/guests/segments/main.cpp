// SPDX-License-Identifier: MIT
// Segment bases by hypercall, by MSR, and their canonical limits; the kernel's and the user's GS.
#include "lib/guest.h"

#include <initializer_list>

using namespace skerry::guest;

static uint64_t read_fs(unsigned offset) {
    uint64_t value;
    asm volatile("mov %%fs:(%1), %0" : "=r"(value) : "r"(uint64_t{offset}));
    return value;
}
static uint64_t read_gs(unsigned offset) {
    uint64_t value;
    asm volatile("mov %%gs:(%1), %0" : "=r"(value) : "r"(uint64_t{offset}));
    return value;
}
static long base(int which, uint64_t value) { return hypercall(__HYPERVISOR_set_segment_base, which, value); }
static void write_msr(uint32_t msr, uint64_t value) {
    asm volatile("wrmsr" ::"c"(msr), "a"(static_cast<uint32_t>(value)), "d"(static_cast<uint32_t>(value >> 32))
                 : "memory");
}
static uint64_t read_msr(uint32_t msr) {
    uint32_t low, high;
    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return uint64_t{high} << 32 | low;
}

static uint64_t data[4] = {11, 22, 33, 44};

GUEST_CASE(fs_and_kernel_gs) {
    EXPECT_EQ(base(SEGBASE_FS, reinterpret_cast<uint64_t>(data)), 0);
    EXPECT_EQ(read_fs(8), 22);
    EXPECT_EQ(base(SEGBASE_GS_KERNEL, reinterpret_cast<uint64_t>(data + 1)), 0);
    EXPECT_EQ(read_gs(8), 33);
    EXPECT_EQ(base(SEGBASE_FS, 0), 0);
}
GUEST_CASE(user_gs_is_another) {
    EXPECT_EQ(base(SEGBASE_GS_KERNEL, reinterpret_cast<uint64_t>(data)), 0);
    EXPECT_EQ(base(SEGBASE_GS_USER, 0x1234), 0);
    EXPECT_EQ(read_gs(0), 11);
}
USER_CODE(read_user_gs, "mov %gs:8, %rax\n syscall");
GUEST_CASE(user_mode_sees_the_user_gs) {
    user_start();
    EXPECT_EQ(base(SEGBASE_GS_KERNEL, reinterpret_cast<uint64_t>(data)), 0);
    EXPECT_EQ(base(SEGBASE_GS_USER, user_address(3)), 0);
    reinterpret_cast<uint64_t*>(user_page(3))[1] = 987;
    const Trap trap = RUN_USER(read_user_gs);
    EXPECT_EQ(trap.vector, syscall_vector);
    EXPECT_EQ(trap.frame.rax, 987);
    EXPECT_EQ(read_gs(0), 11); // and the kernel has its own back
}
GUEST_CASE(by_msr) {
    write_msr(0xc0000100, reinterpret_cast<uint64_t>(data + 2));
    EXPECT_EQ(read_fs(0), 33);
    EXPECT_EQ(read_msr(0xc0000100), reinterpret_cast<uint64_t>(data + 2));
    write_msr(0xc0000101, reinterpret_cast<uint64_t>(data + 3));
    EXPECT_EQ(read_gs(0), 44);
    write_msr(0xc0000102, 0x5678);
    EXPECT_EQ(read_msr(0xc0000102), 0x5678);
    EXPECT_EQ(read_gs(0), 44);
}
GUEST_CASE(non_canonical_bases) {
    EXPECT(base(SEGBASE_FS, 0x1000000000000000UL) < 0);
    EXPECT(base(SEGBASE_GS_USER, 0x1000000000000000UL) < 0);
    EXPECT(base(SEGBASE_GS_KERNEL, 0x1000000000000000UL) < 0);
    EXPECT_EQ(attempt([] { write_msr(0xc0000100, 0x1000000000000000UL); }).vector, general_protection);
}
GUEST_CASE(unknown_base) { EXPECT(base(17, 0) < 0); }
GUEST_CASE(user_gs_selector) {
    EXPECT_EQ(base(SEGBASE_GS_USER_SEL, 0), 0);
    // A selector that cannot be loaded must not hurt the hypervisor.
    const long result = base(SEGBASE_GS_USER_SEL, 0xfff3);
    EXPECT(result <= 0);
    EXPECT_EQ(base(SEGBASE_GS_USER_SEL, 0), 0);
    EXPECT_EQ(read_gs(0), 44);
}
