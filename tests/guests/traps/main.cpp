// SPDX-License-Identifier: MIT
// set_trap_table and what each exception brings: vector, error code, CR2, the frame; software interrupts and their DPL.
#include "lib/guest.h"

#include <initializer_list>

using namespace skerry::guest;

static uint64_t watch;

GUEST_CASE(divide_by_zero) {
    const Trap trap = attempt([] {
        asm volatile("xor %%ecx, %%ecx\n mov $1, %%eax\n cltd\n idivl %%ecx" ::: "rax", "rcx", "rdx");
    });
    EXPECT_EQ(trap.vector, divide_error);
}
GUEST_CASE(breakpoint_is_a_trap) {
    uint64_t after = 0;
    const Trap trap = attempt([&] {
        asm volatile("lea 1f(%%rip), %0\n mov %0, %1\n int3\n1:" : "=&r"(after), "=m"(watch));
    });
    EXPECT_EQ(trap.vector, breakpoint);
    EXPECT_EQ(trap.frame.rip, watch);
    EXPECT_EQ(trap.frame.cs & 3, 0); // kernel mode is shown as ring 0
}
GUEST_CASE(undefined_opcode) {
    EXPECT_EQ(attempt([] { asm volatile("ud2"); }).vector, invalid_opcode);
}
GUEST_CASE(not_present_read_and_write) {
    Trap trap = try_read(reinterpret_cast<void*>(0x5000));
    EXPECT_EQ(trap.vector, page_fault);
    EXPECT_EQ(trap.error & (fault_present | fault_write), 0);
    EXPECT_EQ(trap.cr2, 0x5000);
    trap = try_store(reinterpret_cast<void*>(0x6008), 1);
    EXPECT_EQ(trap.error & (fault_present | fault_write), fault_write);
    EXPECT_EQ(trap.cr2, 0x6008);
}
GUEST_CASE(kernel_faults_do_not_carry_the_user_bit) {
    // The kernel runs in ring 3, but Xen shows it what a ring-0 kernel would see.
    EXPECT_EQ(try_read(reinterpret_cast<void*>(0x5000)).error & fault_user, 0);
}
USER_CODE(touch_nothing, "mov $0x7000, %esi\n mov (%rsi), %al");
GUEST_CASE(user_faults_carry_the_user_bit) {
    const Trap trap = RUN_USER(touch_nothing);
    EXPECT_EQ(trap.vector, page_fault);
    EXPECT_EQ(trap.error & (fault_user | fault_write | fault_present), fault_user);
    EXPECT_EQ(trap.cr2, 0x7000);
    EXPECT(trap.frame.from_user());
    EXPECT_EQ(trap.frame.rip, user_base + 5);
}
USER_CODE(user_break, "int3");
USER_CODE(user_int_14, "int $14");
USER_CODE(user_int_80, "int $0x80");
USER_CODE(user_ud, "ud2");
USER_CODE(user_divide, "xor %ecx, %ecx\n div %ecx");
USER_CODE(user_hlt, "hlt");
GUEST_CASE(user_exceptions) {
    EXPECT_EQ(RUN_USER(user_break).vector, breakpoint);
    EXPECT_EQ(RUN_USER(user_ud).vector, invalid_opcode);
    EXPECT_EQ(RUN_USER(user_divide).vector, divide_error);
    EXPECT_EQ(RUN_USER(user_hlt).vector, general_protection);
}
GUEST_CASE(software_interrupt_without_right) {
    // Vector 14's DPL is 0: a user's int 14 is a protection fault, not a page fault.
    const Trap trap = RUN_USER(user_int_14);
    EXPECT_EQ(trap.vector, general_protection);
    EXPECT(trap.error & 2);
    EXPECT_EQ(trap.error >> 3 >= 14, true);
}
GUEST_CASE(software_interrupt_not_registered) {
    const Trap trap = RUN_USER(user_int_80);
    EXPECT_EQ(trap.vector, general_protection);
}
GUEST_CASE(software_interrupt_registered) {
    trap_info table[2] = {{0x80, 3, FLAT_KERNEL_CS, reinterpret_cast<unsigned long>(&soft_trap_entry)}, {}};
    REQUIRE_EQ(hypercall(__HYPERVISOR_set_trap_table, table), 0);
    EXPECT_EQ(RUN_USER(user_int_80).vector, soft_vector);
    EXPECT_EQ(attempt([] { asm volatile("int $0x80" ::: "memory", "rcx", "r11"); }).vector, soft_vector);
}
GUEST_CASE(events_disabled_on_request) {
    // Flag bit 2 of an entry: the upcall mask is set on entry.
    trap_info table[2] = {{3, 3 | 4, FLAT_KERNEL_CS, trap_entries[3]}, {}};
    REQUIRE_EQ(hypercall(__HYPERVISOR_set_trap_table, table), 0);
    events_on();
    EXPECT_EQ(attempt([] { asm volatile("int3" ::: "memory"); }).vector, breakpoint);
    EXPECT_EQ(shared->vcpu_info[0].evtchn_upcall_mask, 1);
    install_traps();
    events_on();
    EXPECT_EQ(attempt([] { asm volatile("int3" ::: "memory"); }).vector, breakpoint);
    EXPECT_EQ(shared->vcpu_info[0].evtchn_upcall_mask, 0);
    events_off();
}
GUEST_CASE(frame_shows_the_interrupt_flag) {
    events_on();
    EXPECT(attempt([] { asm volatile("int3" ::: "memory"); }).frame.rflags & 0x200);
    events_off();
    EXPECT_EQ(attempt([] { asm volatile("int3" ::: "memory"); }).frame.rflags & 0x200, 0);
}
GUEST_CASE(table_cannot_be_read) {
    EXPECT_EQ(hypercall(__HYPERVISOR_set_trap_table, 0x1000), efault);
    EXPECT_EQ(hypercall(__HYPERVISOR_set_trap_table, 0xffff830000000000UL), efault);
}
GUEST_CASE(handler_at_a_bad_address) {
    trap_info table[2] = {{3, 3, FLAT_KERNEL_CS, 0x1000000000000000UL}, {}};
    EXPECT(hypercall(__HYPERVISOR_set_trap_table, table) < 0);
    EXPECT_EQ(attempt([] { asm volatile("int3" ::: "memory"); }).vector, breakpoint); // the old one stays
}
GUEST_CASE(null_table_clears) {
    EXPECT_EQ(hypercall(__HYPERVISOR_set_trap_table, nullptr), 0);
    install_traps();
    EXPECT_EQ(attempt([] { asm volatile("ud2"); }).vector, invalid_opcode);
}
GUEST_CASE(device_not_available_after_taskswitch) {
    EXPECT_EQ(hypercall(__HYPERVISOR_fpu_taskswitch, 1), 0);
    EXPECT_EQ(attempt([] { asm volatile("fninit"); }).vector, device_not_available);
    // The exception clears TS, as Xen's PV interface says.
    EXPECT_EQ(attempt([] { asm volatile("fninit"); }).vector, no_trap);
    EXPECT_EQ(hypercall(__HYPERVISOR_fpu_taskswitch, 0), 0);
}
GUEST_CASE(faulting_string_instruction_shows_its_progress) {
    auto* pages = static_cast<char*>(alloc_pages(2));
    REQUIRE_EQ(unmap(pages + 4096), 0);
    const Trap trap = attempt([=] { asm volatile("rep stosb" ::"D"(pages + 4090), "c"(20UL), "a"(1) : "memory"); });
    EXPECT_EQ(trap.vector, page_fault);
    EXPECT_EQ(trap.cr2, reinterpret_cast<uint64_t>(pages + 4096));
    EXPECT_EQ(trap.frame.rcx, 14);
    make_writable(pages + 4096);
}
