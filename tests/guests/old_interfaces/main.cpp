// SPDX-License-Identifier: MIT
// Hypercalls as kernels of the first years make them: the compat forms, interrupt lines by vector, calls that do
// nothing any more but must not fail. ABI: xen/physdev.h, xen/sched.h, xen/event_channel.h (their parts for old
// interface versions).
#include "lib/guest.h"

using namespace skerry::guest;

namespace {

// xen/physdev.h, before 3.2.2: the command, then the argument.
struct OldPhysdevOp {
    uint32_t command;
    uint32_t padding;
    uint32_t argument[4];
};
long old_physdev_op(OldPhysdevOp& op) { return hypercall(__HYPERVISOR_physdev_op_compat, &op); }
long call_physdev(unsigned command, void* argument) { return hypercall(__HYPERVISOR_physdev_op, command, argument); }
constexpr unsigned irq_unmask_notify = 4;

long bind_line(unsigned line) {
    evtchn_bind_pirq call{line, BIND_PIRQ__WILL_SHARE, 0};
    const long result = event_op(EVTCHNOP_bind_pirq, &call);
    return result != 0 ? result : static_cast<long>(call.port);
}

} // namespace

GUEST_CASE(sched_op_compat_yields_and_refuses_what_it_does_not_know) {
    EXPECT_EQ(hypercall(__HYPERVISOR_sched_op_compat, SCHEDOP_yield, 0), 0);
    EXPECT_EQ(hypercall(__HYPERVISOR_sched_op_compat, 99, 0), enosys);
}
GUEST_CASE(sched_op_compat_blocks_until_an_event) {
    const long port = bind_virq(VIRQ_TIMER, 0);
    REQUIRE(port > 0);
    unmask_port(static_cast<unsigned>(port));
    event_count[port] = 0;
    hypercall(__HYPERVISOR_set_timer_op, system_time() + 50000000);
    EXPECT_EQ(hypercall(__HYPERVISOR_sched_op_compat, SCHEDOP_block, 0), 0);
    EXPECT(wait_for([=] { return event_count[port] == 1; }));
    events_off();
    close_port(static_cast<unsigned>(port));
}
GUEST_CASE(event_channel_op_compat_answers_in_its_structure) {
    evtchn_op op{};
    op.cmd = EVTCHNOP_alloc_unbound;
    op.u.alloc_unbound.dom = DOMID_SELF;
    op.u.alloc_unbound.remote_dom = DOMID_SELF;
    REQUIRE_EQ(hypercall(__HYPERVISOR_event_channel_op_compat, &op), 0);
    const unsigned port = op.u.alloc_unbound.port;
    EXPECT(port > 0);
    op.cmd = EVTCHNOP_close;
    op.u.close.port = port;
    EXPECT_EQ(hypercall(__HYPERVISOR_event_channel_op_compat, &op), 0);
    op.cmd = 99;
    EXPECT_EQ(hypercall(__HYPERVISOR_event_channel_op_compat, &op), enosys);
    EXPECT_EQ(hypercall(__HYPERVISOR_event_channel_op_compat, 0x1000), efault);
}
GUEST_CASE(unmask_notification_is_accepted_and_does_nothing) {
    OldPhysdevOp op{irq_unmask_notify, 0, {}};
    EXPECT_EQ(old_physdev_op(op), 0);
    EXPECT_EQ(call_physdev(irq_unmask_notify, nullptr), 0);
}
GUEST_CASE(privilege_level_by_the_old_call) {
    OldPhysdevOp op{PHYSDEVOP_set_iopl, 0, {1, 0, 0, 0}};
    EXPECT_EQ(old_physdev_op(op), 0);
    EXPECT_EQ(attempt([] { asm volatile("outb %%al, $0x80" ::"a"(0)); }).vector, no_trap);
    op = {PHYSDEVOP_set_iopl, 0, {0, 0, 0, 0}};
    EXPECT_EQ(old_physdev_op(op), 0);
    EXPECT_EQ(attempt([] { asm volatile("outb %%al, $0x80" ::"a"(0)); }).vector, general_protection);
}
GUEST_CASE(a_line_that_nobody_asked_for_cannot_be_bound) { EXPECT_EQ(bind_line(11), eperm); }
GUEST_CASE(a_line_is_taken_by_its_vector) {
    // Before map_pirq, a first domain asked for a vector, wrote it into the interrupt controller's entry, and bound the
    // line. The vector is the line's own number.
    physdev_irq call{8, 0};
    REQUIRE_EQ(call_physdev(PHYSDEVOP_alloc_irq_vector, &call), 0);
    EXPECT_EQ(call.vector, 8);
    physdev_apic high{0xfec00000, 0x11 + 2 * 8, 0}, low{0xfec00000, 0x10 + 2 * 8, call.vector};
    EXPECT_EQ(call_physdev(PHYSDEVOP_apic_write, &high), 0);
    EXPECT_EQ(call_physdev(PHYSDEVOP_apic_write, &low), 0);
    const long port = bind_line(8);
    EXPECT(port > 0);
    if (port > 0) EXPECT_EQ(close_port(static_cast<unsigned>(port)), 0);
}
GUEST_CASE(status_of_a_line_needs_no_mapping) {
    physdev_irq_status_query call{9, 99};
    EXPECT_EQ(call_physdev(PHYSDEVOP_irq_status_query, &call), 0);
    EXPECT_EQ(call.flags & ~static_cast<uint32_t>(XENIRQSTAT_needs_eoi | XENIRQSTAT_shared), 0);
}
GUEST_CASE(interrupt_controller_registers_can_be_read_and_written) {
    physdev_apic call{0xfec00000, 1, 0}; // version
    REQUIRE_EQ(call_physdev(PHYSDEVOP_apic_read, &call), 0);
    EXPECT_EQ(call.value >> 16 & 0xff, 23); // the number of its last entry
    // Line 5, masked, edge-triggered, to nobody: as a kernel writes them all when it starts.
    call = {0xfec00000, 0x10 + 2 * 5, 0x10000};
    EXPECT_EQ(call_physdev(PHYSDEVOP_apic_write, &call), 0);
    call = {0xfec00000, 0x11 + 2 * 5, 0};
    EXPECT_EQ(call_physdev(PHYSDEVOP_apic_write, &call), 0);
    call = {0xfed00000, 0x10, 0};
    EXPECT_EQ(call_physdev(PHYSDEVOP_apic_write, &call), einval);
}
GUEST_CASE(callbacks_by_the_old_call) {
    EXPECT_EQ(hypercall(__HYPERVISOR_set_callbacks, &event_entry, &failsafe_entry, &syscall_entry), 0);
    unsigned ports[2];
    REQUIRE_EQ(bind_loop(ports), 0);
    unmask_port(ports[1]);
    events_on();
    const unsigned before = event_count[ports[1]];
    EXPECT_EQ(send(ports[0]), 0);
    EXPECT_EQ(event_count[ports[1]], before + 1);
    events_off();
    close_port(ports[0]);
    close_port(ports[1]);
}
GUEST_CASE(hypercall_page_by_machine_register) {
    // CPUID names the register; a write of a frame's address fills that frame.
    uint32_t pages = 1, number = 0, c = 0, d = 0;
    asm volatile(".byte 0x0f, 0x0b, 0x78, 0x65, 0x6e\n cpuid"
                 : "=a"(pages), "=b"(number), "+c"(c), "=d"(d)
                 : "0"(0x40000002));
    EXPECT_EQ(pages, 1);
    EXPECT_EQ(number, 0x40000000);
    auto* page = static_cast<uint8_t*>(alloc_page());
    const Trap trap = attempt([=] {
        const uint64_t machine = machine_of(page);
        asm volatile("wrmsr" ::"c"(0x40000000), "a"(static_cast<uint32_t>(machine)),
                     "d"(static_cast<uint32_t>(machine >> 32))
                     : "memory");
    });
    REQUIRE_EQ(trap.vector, no_trap);
    EXPECT(memcmp(page, hypercall_page, 22 * 32) == 0);
    long version = 0;
    unsigned long first = XENVER_version, second = 0;
    asm volatile("call *%[target]"
                 : "=a"(version), "+D"(first), "+S"(second)
                 : [target] "a"(page + __HYPERVISOR_xen_version * 32)
                 : "memory", "rcx", "r11", "rdx", "r8", "r9", "r10");
    EXPECT_EQ(version, xen_version(XENVER_version, nullptr));
}
GUEST_CASE(hypercall_page_only_in_a_frame_of_ones_own) {
    const auto fill = [](uint64_t machine) {
        return attempt([=] {
                   asm volatile("wrmsr" ::"c"(0x40000000), "a"(static_cast<uint32_t>(machine)),
                                "d"(static_cast<uint32_t>(machine >> 32))
                                : "memory");
               })
            .vector;
    };
    EXPECT_EQ(fill(mfn_of(top_table()) << 12), general_protection);
    EXPECT_EQ(fill(0x200000), general_protection);
    EXPECT_EQ(fill(0x7fffff000), general_protection);
    EXPECT_EQ(fill(machine_of(alloc_page()) | 1), general_protection); // there is one page only
}
