// SPDX-License-Identifier: MIT
// 32-bit code in user mode (and in the kernel, where it is of no use): system calls, faults, emulation.
#include "lib/guest.h"

#include <xen/callback.h>

using namespace skerry::guest;

namespace {

constexpr uint64_t code32 = 0xe023; // FLAT_USER_CS32

bool vendor_is_intel() {
    uint32_t a = 0, b = 0, c = 0, d = 0;
    asm volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    return b == 0x756e6547;
}

// As run_user, in a 32-bit code segment.
Trap run32(const char* code, const char* code_end) {
    user_start();
    memcpy(user_page(0), code, static_cast<size_t>(code_end - code));
    const Trap trap = attempt([] {
        static Frame frame;
        frame = {};
        frame.rip = user_base;
        frame.cs = code32;
        frame.rflags = 0x202;
        frame.rsp = user_stack_top - 64;
        frame.ss = FLAT_USER_SS | 3;
        resume_from(&frame);
    });
    events_off();
    return trap;
}
long set_callback(uint16_t type, void (*entry)()) {
    callback_register call{type, 0, reinterpret_cast<xen_callback_t>(entry)};
    return hypercall(__HYPERVISOR_callback_op, CALLBACKOP_register, &call);
}

} // namespace

#define RUN32(name) run32(name, name##_end)

USER_CODE(inc_and_break, ".code32\n mov $5, %eax\n inc %eax\n int3\n .code64");
GUEST_CASE(instructions_are_32_bit_ones) {
    const Trap trap = RUN32(inc_and_break);
    EXPECT_EQ(trap.vector, breakpoint);
    EXPECT_EQ(trap.frame.rax, 6); // 64-bit code would take the increment for a prefix
    EXPECT_EQ(trap.frame.cs & 0xffff, code32);
    EXPECT_EQ(trap.frame.ss, FLAT_USER_SS | 3);
    EXPECT_EQ(trap.frame.rip, user_base + 7);
}
USER_CODE(int80_32, ".code32\n mov $20, %eax\n int $0x80\n .code64");
GUEST_CASE(int_80) {
    trap_info table[2] = {{0x80, 3, FLAT_KERNEL_CS, reinterpret_cast<unsigned long>(&soft_trap_entry)}, {}};
    REQUIRE_EQ(hypercall(__HYPERVISOR_set_trap_table, table), 0);
    const Trap trap = RUN32(int80_32);
    EXPECT_EQ(trap.vector, soft_vector);
    EXPECT_EQ(trap.frame.rax, 20);
    EXPECT_EQ(trap.frame.rip, user_base + 7);
    EXPECT_EQ(trap.frame.cs & 0xffff, code32);
}
USER_CODE(syscall_32, ".code32\n mov $33, %eax\n syscall\n .code64");
GUEST_CASE(syscall_without_a_handler_is_undefined) {
    const Trap trap = RUN32(syscall_32);
    EXPECT_EQ(trap.vector, invalid_opcode);
    EXPECT_EQ(trap.frame.rip, user_base + 5);
    EXPECT_EQ(trap.frame.cs & 0xffff, code32);
}
GUEST_CASE(syscall_with_a_handler) {
    if (vendor_is_intel()) return skip("Intel's processors have SYSCALL in 64-bit code only");
    REQUIRE_EQ(set_callback(CALLBACKTYPE_syscall32, &syscall_entry), 0);
    const Trap trap = RUN32(syscall_32);
    EXPECT_EQ(trap.vector, syscall_vector);
    EXPECT_EQ(trap.frame.rax, 33);
    EXPECT_EQ(trap.frame.rip, user_base + 7);
    EXPECT_EQ(trap.frame.cs & 0xffff, code32);
}
USER_CODE(sysenter_32, ".code32\n mov $44, %eax\n mov %esp, %ebp\n sysenter\n .code64");
GUEST_CASE(sysenter_with_a_handler) {
    REQUIRE_EQ(set_callback(CALLBACKTYPE_sysenter, &sysenter_entry), 0);
    const Trap trap = RUN32(sysenter_32);
    if (!vendor_is_intel()) return (void)EXPECT(trap.vector == invalid_opcode || trap.vector == general_protection);
    EXPECT_EQ(trap.vector, sysenter_vector);
    EXPECT_EQ(trap.frame.rax, 44);
    EXPECT_EQ(trap.frame.rip, 0);
    EXPECT_EQ(trap.frame.cs & 3, 3);
    EXPECT_EQ(trap.frame.rbp, user_stack_top - 64);
}
USER_CODE(cpuid_32, ".code32\n mov $0x40000000, %eax\n .byte 0x0f, 0x0b, 0x78, 0x65, 0x6e\n cpuid\n int3\n .code64");
GUEST_CASE(cpuid_by_prefix) {
    const Trap trap = RUN32(cpuid_32);
    EXPECT_EQ(trap.vector, breakpoint);
    EXPECT_EQ(trap.frame.rbx, 0x566e6558);
}
// A guest starts with a null selector in ds, through which 32-bit code reads nothing at all.
USER_CODE(read_nothing_32,
          ".code32\n mov $0xe02b, %ecx\n mov %ecx, %ds\n mov $0x7000, %esi\n mov (%esi), %al\n .code64");
GUEST_CASE(page_fault_in_user_mode) {
    const Trap trap = RUN32(read_nothing_32);
    EXPECT_EQ(trap.vector, page_fault);
    EXPECT_EQ(trap.error, fault_user);
    EXPECT_EQ(trap.cr2, 0x7000);
}
USER_CODE(port_32, ".code32\n in $0x71, %al\n int3\n .code64");
GUEST_CASE(ports_by_privilege_level_3) {
    EXPECT_EQ(RUN32(port_32).vector, general_protection);
    physdev_set_iopl call{3};
    REQUIRE_EQ(hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, &call), 0);
    const Trap trap = RUN32(port_32);
    EXPECT_EQ(trap.vector, breakpoint);
    EXPECT_EQ(trap.frame.rip, user_base + 3);
    call.iopl = 0;
    REQUIRE_EQ(hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, &call), 0);
}
USER_CODE(far_to_64, ".code32\n ljmp $0xe033, $0x400007\n .code64\n movabs $0x123456789abc, %rax\n int3");
GUEST_CASE(user_mode_may_change_its_width) {
    const Trap trap = RUN32(far_to_64);
    EXPECT_EQ(trap.vector, breakpoint);
    EXPECT_EQ(trap.frame.rax, 0x123456789abc);
    EXPECT_EQ(trap.frame.cs & 0xffff, FLAT_USER_CS | 3);
}
