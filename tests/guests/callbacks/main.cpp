// SPDX-License-Identifier: MIT
// Callbacks: event, failsafe, syscall, sysenter and NMI registration, and what a vCPU without them does.
#include "lib/guest.h"

#include <xen/callback.h>
#include <xen/nmi.h>

using namespace skerry::guest;

static long add(uint16_t type, void (*entry)(), uint16_t flags = 0) {
    callback_register call{type, flags, reinterpret_cast<unsigned long>(entry)};
    return hypercall(__HYPERVISOR_callback_op, CALLBACKOP_register, &call);
}
static long remove(uint16_t type) {
    callback_unregister call{type, 0};
    return hypercall(__HYPERVISOR_callback_op, CALLBACKOP_unregister, &call);
}

USER_CODE(say_5, "mov $5, %eax\n syscall");
USER_CODE(load_bad_ds, "mov $0x5, %eax\n syscall");

GUEST_CASE(register_each_type) {
    EXPECT_EQ(add(CALLBACKTYPE_event, event_entry), 0);
    EXPECT_EQ(add(CALLBACKTYPE_failsafe, failsafe_entry), 0);
    EXPECT_EQ(add(CALLBACKTYPE_syscall, syscall_entry), 0);
    EXPECT_EQ(add(CALLBACKTYPE_nmi, nmi_entry), 0);
    EXPECT_EQ(remove(CALLBACKTYPE_nmi), 0);
}
GUEST_CASE(unknown_types) {
    EXPECT(add(77, event_entry) < 0);
    EXPECT(remove(77) < 0);
    EXPECT(remove(CALLBACKTYPE_event) < 0); // these must exist
    EXPECT(remove(CALLBACKTYPE_failsafe) < 0);
    EXPECT(remove(CALLBACKTYPE_syscall) < 0);
    EXPECT(hypercall(__HYPERVISOR_callback_op, 99, nullptr) < 0);
    EXPECT_EQ(hypercall(__HYPERVISOR_callback_op, CALLBACKOP_register, 0x1000), efault);
}
GUEST_CASE(addresses_that_are_not_canonical) {
    EXPECT(add(CALLBACKTYPE_event, reinterpret_cast<void (*)()>(0x1000000000000000UL)) < 0);
    EXPECT(add(CALLBACKTYPE_syscall, reinterpret_cast<void (*)()>(0x1000000000000000UL)) < 0);
}
GUEST_CASE(syscall_with_events_masked) {
    events_on();
    EXPECT_EQ(add(CALLBACKTYPE_syscall, syscall_entry, CALLBACKF_mask_events), 0);
    user_start();
    // Flags with IF: user mode runs with events on, the callback begins with events off.
    volatile uint8_t seen = 9;
    static uint8_t mask_in_handler;
    mask_in_handler = 9;
    set_trap_handler(syscall_vector, [](Frame&) {
        mask_in_handler = shared->vcpu_info[0].evtchn_upcall_mask;
        return false;
    });
    EXPECT_EQ(RUN_USER(say_5).vector, syscall_vector);
    EXPECT_EQ(mask_in_handler, 1);
    EXPECT_EQ(add(CALLBACKTYPE_syscall, syscall_entry), 0);
    EXPECT_EQ(RUN_USER(say_5).vector, syscall_vector);
    EXPECT_EQ(mask_in_handler, 0);
    set_trap_handler(syscall_vector, nullptr);
    (void)seen;
    events_off();
}
GUEST_CASE(failsafe_on_a_bad_segment) {
    // A null-page GDT selector in the saved FS cannot be loaded on the way out: the failsafe callback gets the
    // selectors.
    auto* gdt = static_cast<uint64_t*>(alloc_page());
    gdt[2] = 0x00cff3000000ffffULL;
    REQUIRE_EQ(make_readonly(gdt), 0);
    unsigned long frame = mfn_of(gdt);
    REQUIRE_EQ(hypercall(__HYPERVISOR_set_gdt, &frame, 512), 0);
    asm volatile("mov %0, %%fs" ::"r"(2 * 8 | 3));
    // Taking the descriptor away makes the next reload of FS (after a switch between domains or vCPUs) fail; whether
    // and when that happens is the scheduler's affair, so only survival is asserted.
    EXPECT_EQ(hypercall(__HYPERVISOR_update_descriptor, machine_of(&gdt[2]), 0), 0);
    const Trap trap = attempt([] {
        for (int i = 0; i < 50; i++) sched_op(SCHEDOP_yield, nullptr);
    });
    EXPECT(trap.vector == no_trap || trap.vector == failsafe_vector);
    asm volatile("mov %0, %%fs" ::"r"(0));
    hypercall(__HYPERVISOR_set_gdt, nullptr, 0);
    make_writable(gdt);
}
GUEST_CASE(nmi_op) {
    xennmi_callback call{reinterpret_cast<unsigned long>(&nmi_entry), 0};
    EXPECT_EQ(hypercall(__HYPERVISOR_nmi_op, XENNMI_register_callback, &call), 0);
    EXPECT_EQ(hypercall(__HYPERVISOR_nmi_op, XENNMI_unregister_callback, nullptr), 0);
    EXPECT(hypercall(__HYPERVISOR_nmi_op, 99, nullptr) < 0);
}
static void crash_without_handlers() {
    hypercall(__HYPERVISOR_set_trap_table, nullptr);
    *reinterpret_cast<volatile int*>(0x1000) = 1;
    mailbox.word[0] = 1; // never
}
GUEST_CASE(a_domain_without_a_handler_crashes_alone) {
    static Peer peer;
    REQUIRE_EQ(peer.create(crash_without_handlers), 0);
    peer.unpause();
    EXPECT(peer.wait_shutdown(SHUTDOWN_crash));
    EXPECT_EQ(peer.mail[0], 0);
    EXPECT_EQ(peer.destroy(), 0);
}
static void lose_the_stack() { asm volatile("mov $0x1000, %%rsp\n ud2" ::: "memory"); }
GUEST_CASE(a_domain_without_a_stack_crashes_alone) {
    static Peer peer;
    REQUIRE_EQ(peer.create(lose_the_stack), 0);
    peer.unpause();
    EXPECT(peer.wait_shutdown(SHUTDOWN_crash));
    EXPECT_EQ(peer.destroy(), 0);
}
static void stack_in_the_hypervisor() { asm volatile("mov %0, %%rsp\n ud2" ::"r"(0xffff830000008000UL) : "memory"); }
GUEST_CASE(a_stack_in_the_hypervisor_crashes_the_domain) {
    static Peer peer;
    REQUIRE_EQ(peer.create(stack_in_the_hypervisor), 0);
    peer.unpause();
    EXPECT(peer.wait_shutdown(SHUTDOWN_crash));
    EXPECT_EQ(peer.destroy(), 0);
}
