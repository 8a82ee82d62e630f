// SPDX-License-Identifier: MIT
// I/O privilege: by PHYSDEVOP_set_iopl the kernel counts as ring 1; with VMASST_TYPE_architectural_iopl it counts as
// ring 0, and its level comes and goes in rflags. The bitmap of ports works beside it.
#include "lib/guest.h"

using namespace skerry::guest;

USER_CODE(user_out, "xor %eax, %eax\n out %al, $0x80\n syscall");
USER_CODE(user_cli, "cli\n syscall");
USER_CODE(user_sti, "sti\n syscall");
USER_CODE(user_flags, "pushf\n pop %rax\n syscall");

namespace {

bool user_may(const char* code, const char* end, unsigned level_in_frame = 0) {
    Frame registers{};
    registers.rflags = 0x202 | level_in_frame << 12;
    const Trap trap = run_user(code, end, &registers);
    return trap.vector == syscall_vector;
}
bool kernel_may_out() {
    return attempt([] { asm volatile("outb %%al, $0x80" ::"a"(0)); }).vector == no_trap;
}
bool kernel_may_cli() {
    return attempt([] { asm volatile("cli"); }).vector == no_trap;
}
long set_level(uint32_t level) {
    physdev_set_iopl call{level};
    return hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, &call);
}
long assist(unsigned command, unsigned type) { return hypercall(__HYPERVISOR_vm_assist, command, type); }

} // namespace

GUEST_CASE(levels_by_hypercall) {
    for (unsigned level = 0; level <= 3; level++) {
        EXPECT_EQ(set_level(level), 0);
        EXPECT_EQ(kernel_may_out(), level >= 1);
        EXPECT_EQ(kernel_may_cli(), level >= 1);
        EXPECT_EQ(user_may(user_out, user_out_end), level == 3);
        EXPECT_EQ(user_may(user_cli, user_cli_end), level == 3);
        EXPECT_EQ(user_may(user_sti, user_sti_end), level == 3);
    }
    EXPECT_EQ(set_level(0), 0);
}
GUEST_CASE(level_in_a_frame_means_nothing) {
    EXPECT(!user_may(user_out, user_out_end, 3));
    EXPECT_EQ(set_level(3), 0);
    EXPECT(user_may(user_out, user_out_end, 0));
    EXPECT_EQ(set_level(0), 0);
}
GUEST_CASE(architectural_levels) {
    REQUIRE_EQ(assist(VMASST_CMD_enable, VMASST_TYPE_architectural_iopl), 0);
    for (unsigned level = 0; level <= 3; level++) {
        EXPECT_EQ(user_may(user_out, user_out_end, level), level == 3);
        EXPECT_EQ(user_may(user_cli, user_cli_end, level), level == 3);
        EXPECT(kernel_may_out());
        EXPECT(kernel_may_cli());
    }
    EXPECT_EQ(assist(VMASST_CMD_disable, VMASST_TYPE_architectural_iopl), 0);
    EXPECT_EQ(set_level(0), 0);
}
GUEST_CASE(architectural_level_is_seen_in_frames) {
    REQUIRE_EQ(assist(VMASST_CMD_enable, VMASST_TYPE_architectural_iopl), 0);
    Frame registers{};
    registers.rflags = 0x3202;
    Trap trap = RUN_USER(user_flags, &registers);
    EXPECT_EQ(trap.frame.rflags >> 12 & 3, 3);
    EXPECT_EQ(trap.frame.rax & 0x3000, 0); // the machine's own level stays 0
    registers.rflags = 0x202;
    trap = RUN_USER(user_flags, &registers);
    EXPECT_EQ(trap.frame.rflags >> 12 & 3, 0);
    EXPECT_EQ(assist(VMASST_CMD_disable, VMASST_TYPE_architectural_iopl), 0);
}
GUEST_CASE(ports_by_bitmap) {
    static uint8_t bitmap[64];
    memset(bitmap, 0xff, sizeof bitmap);
    bitmap[0x80 / 8] = 0xfe;
    physdev_set_iobitmap call{};
    call.bitmap.p = bitmap;
    call.nr_ports = 0x90;
    REQUIRE_EQ(hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iobitmap, &call), 0);
    EXPECT(kernel_may_out());
    EXPECT(user_may(user_out, user_out_end)); // though the bitmap is in the kernel's memory, which the user cannot see
    EXPECT(!kernel_may_cli());
    bitmap[0x80 / 8] = 0xff;
    EXPECT(!kernel_may_out());
    bitmap[0x80 / 8] = 0;
    call.nr_ports = 0x80; // one port short
    REQUIRE_EQ(hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iobitmap, &call), 0);
    EXPECT(!kernel_may_out());
    call.nr_ports = 0x10001;
    EXPECT_EQ(hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iobitmap, &call), einval);
    call = {};
    EXPECT_EQ(hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iobitmap, &call), 0);
}
