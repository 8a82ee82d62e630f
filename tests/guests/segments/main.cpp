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
static constexpr uint64_t cr4_fsgsbase = 1 << 16;
static uint64_t cr4() {
    uint64_t value;
    asm volatile("mov %%cr4, %0" : "=r"(value));
    return value;
}
static void set_cr4(uint64_t value) { asm volatile("mov %0, %%cr4" ::"r"(value)); }
static int read_fs_base() {
    return attempt([] { asm volatile("rdfsbase %%rax" ::: "rax"); }).vector;
}
static int write_fs_base(uint64_t value) {
    return attempt([=] { asm volatile("wrfsbase %0" ::"r"(value)); }).vector;
}
USER_CODE(user_fs_base, "rdfsbase %rax\n syscall");
GUEST_CASE(instructions_for_bases_work_while_enabled) {
    EXPECT_EQ(cr4() & cr4_fsgsbase, 0);
    EXPECT_EQ(read_fs_base(), invalid_opcode);
    EXPECT_EQ(write_fs_base(0), invalid_opcode);
    EXPECT_EQ(attempt([] { asm volatile("rdgsbase %%rax" ::: "rax"); }).vector, invalid_opcode);
    set_cr4(cr4() | cr4_fsgsbase);
    if (!(cr4() & cr4_fsgsbase)) return skip("not on this machine");
    EXPECT_EQ(read_fs_base(), no_trap);
    EXPECT_EQ(attempt([] { asm volatile("rdgsbase %%rax" ::: "rax"); }).vector, no_trap);
    EXPECT_EQ(RUN_USER(user_fs_base).vector, syscall_vector);
    for (const uint64_t address : {0UL, 0x7fffffffffffUL, 0xffff800000000000UL, ~0UL})
        EXPECT_EQ(write_fs_base(address), no_trap);
    set_cr4(cr4() & ~cr4_fsgsbase);
    EXPECT_EQ(read_fs_base(), invalid_opcode);
    EXPECT_EQ(RUN_USER(user_fs_base).vector, invalid_opcode);
}
