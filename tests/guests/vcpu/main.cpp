// SPDX-License-Identifier: MIT
// vcpu_op: bringing vCPUs up and down, their info pages, run state, timers; and contexts that must be refused.
#include "lib/guest.h"

#include <initializer_list>

using namespace skerry::guest;

static vcpu_guest_context context;
static volatile unsigned runs;

static void count_a_run() { runs = runs + 1; }

GUEST_CASE(is_up) {
    EXPECT_EQ(vcpu_op(VCPUOP_is_up, 0, nullptr), 1);
    EXPECT_EQ(vcpu_op(VCPUOP_is_up, 1, nullptr), 0);
    EXPECT_EQ(vcpu_op(VCPUOP_is_up, 100, nullptr), enoent);
    EXPECT_EQ(vcpu_op(VCPUOP_is_up, 0x80000000, nullptr), enoent);
}
GUEST_CASE(up_before_initialise) { EXPECT_EQ(vcpu_op(VCPUOP_up, 1, nullptr), einval); }
GUEST_CASE(contexts_that_are_refused) {
    auto fresh = [] { fill_context(context, count_a_run); };
    fresh();
    context.ctrlreg[3] = 0xfffffffffUL << 12;
    EXPECT(vcpu_op(VCPUOP_initialise, 1, &context) < 0);
    fresh();
    context.ctrlreg[3] = xen_pfn_to_cr3(mfn_of(alloc_page())); // no L4
    EXPECT(vcpu_op(VCPUOP_initialise, 1, &context) < 0);
    fresh();
    context.user_regs.rip = 0x1000000000000000;
    EXPECT(vcpu_op(VCPUOP_initialise, 1, &context) < 0);
    fresh();
    context.event_callback_eip = 0x1000000000000000;
    EXPECT(vcpu_op(VCPUOP_initialise, 1, &context) < 0);
    fresh();
    context.gdt_ents = 8193;
    EXPECT(vcpu_op(VCPUOP_initialise, 1, &context) < 0);
    fresh();
    context.gdt_ents = 512;
    context.gdt_frames[0] = mfn_of(top_table());
    EXPECT(vcpu_op(VCPUOP_initialise, 1, &context) < 0);
    fresh();
    context.ldt_base = 0xffff830000000000;
    context.ldt_ents = 512;
    EXPECT(vcpu_op(VCPUOP_initialise, 1, &context) < 0);
    fresh();
    context.fs_base = 0x1000000000000000;
    EXPECT(vcpu_op(VCPUOP_initialise, 1, &context) < 0);
    EXPECT_EQ(vcpu_op(VCPUOP_initialise, 1, reinterpret_cast<void*>(0x1000)), efault);
    EXPECT_EQ(vcpu_op(VCPUOP_initialise, 100, &context), enoent);
    EXPECT_EQ(vcpu_op(VCPUOP_is_up, 1, nullptr), 0);
}
GUEST_CASE(info_page_of_a_vcpu_that_is_down) {
    // Linux registers vcpu_info of every CPU before it starts.
    static vcpu_register_vcpu_info call;
    auto* page = static_cast<vcpu_info_t*>(alloc_page());
    call = {};
    call.mfn = mfn_of(page);
    call.offset = 64;
    EXPECT_EQ(vcpu_op(VCPUOP_register_vcpu_info, 1, &call), 0);
    auto* info = reinterpret_cast<vcpu_info_t*>(reinterpret_cast<char*>(page) + 64);
    EXPECT_EQ(info->evtchn_upcall_mask, 1);
    EXPECT_EQ(vcpu_op(VCPUOP_register_vcpu_info, 1, &call), einval); // once
    call.offset = 4096 - 8;
    EXPECT(vcpu_op(VCPUOP_register_vcpu_info, 0, &call) < 0);
    call.offset = 3;
    EXPECT(vcpu_op(VCPUOP_register_vcpu_info, 0, &call) < 0);
    call.offset = 0;
    call.mfn = 0xfffffffffUL;
    EXPECT(vcpu_op(VCPUOP_register_vcpu_info, 0, &call) < 0);
    call.mfn = mfn_of(top_table());
    EXPECT(vcpu_op(VCPUOP_register_vcpu_info, 0, &call) < 0);
    EXPECT_EQ(make_readonly(page), 0);
    EXPECT(pin(1, mfn_of(page)) < 0); // Xen writes to it: no table
    make_writable(page);
}
GUEST_CASE(initialise_and_up) {
    fill_context(context, count_a_run);
    EXPECT_EQ(vcpu_op(VCPUOP_initialise, 1, &context), 0);
    EXPECT_EQ(vcpu_op(VCPUOP_is_up, 1, nullptr), 0);
    EXPECT_EQ(vcpu_op(VCPUOP_initialise, 1, &context), eexist);
    EXPECT_EQ(vcpu_op(VCPUOP_up, 1, nullptr), 0);
    EXPECT(wait_for([] { return runs == 1; }));
    EXPECT_EQ(vcpu_op(VCPUOP_is_up, 1, nullptr), 1);
}
GUEST_CASE(down_and_up_again) {
    EXPECT_EQ(vcpu_op(VCPUOP_down, 1, nullptr), 0);
    EXPECT_EQ(vcpu_op(VCPUOP_is_up, 1, nullptr), 0);
    EXPECT_EQ(vcpu_op(VCPUOP_up, 1, nullptr), 0);
    EXPECT_EQ(vcpu_op(VCPUOP_is_up, 1, nullptr), 1);
}
GUEST_CASE(run_state) {
    vcpu_runstate_info info{};
    EXPECT_EQ(vcpu_op(VCPUOP_get_runstate_info, 0, &info), 0);
    EXPECT_EQ(info.state, RUNSTATE_running);
    EXPECT(info.time[RUNSTATE_running] > 0);
    EXPECT(info.state_entry_time > 0);
    vcpu_runstate_info later{};
    spin(100000);
    EXPECT_EQ(vcpu_op(VCPUOP_get_runstate_info, 0, &later), 0);
    uint64_t sum = 0, later_sum = 0;
    for (unsigned i = 0; i < 4; i++) sum += info.time[i], later_sum += later.time[i];
    EXPECT(later_sum > sum);
}
GUEST_CASE(run_state_area) {
    static vcpu_runstate_info area;
    vcpu_register_runstate_memory_area call{};
    set_xen_guest_handle(call.addr.h, &area);
    EXPECT_EQ(vcpu_op(VCPUOP_register_runstate_memory_area, 0, &call), 0);
    EXPECT_EQ(area.state, RUNSTATE_running);
    for (int i = 0; i < 5; i++) {
        sched_op(SCHEDOP_yield, nullptr);
        EXPECT_EQ(*const_cast<volatile int*>(&area.state), RUNSTATE_running);
    }
    // An area that goes away must not hurt.
    call.addr.v = reinterpret_cast<vcpu_runstate_info*>(0x1000);
    vcpu_op(VCPUOP_register_runstate_memory_area, 0, &call);
    sched_op(SCHEDOP_yield, nullptr);
    set_xen_guest_handle(call.addr.h, &area);
    EXPECT_EQ(vcpu_op(VCPUOP_register_runstate_memory_area, 0, &call), 0);
}
GUEST_CASE(time_area) {
    static vcpu_time_info area;
    vcpu_register_time_memory_area call{};
    set_xen_guest_handle(call.addr.h, &area);
    const long result = vcpu_op(VCPUOP_register_vcpu_time_memory_area, 0, &call);
    EXPECT_EQ(result, 0);
    EXPECT(wait_for([] { return const_cast<volatile uint32_t&>(area.tsc_to_system_mul) != 0; }));
}
GUEST_CASE(single_shot_timer) {
    static unsigned which;
    const long port = bind_virq(VIRQ_TIMER, 0);
    REQUIRE(port > 0);
    which = static_cast<unsigned>(port);
    event_count[which] = 0;
    events_on();
    vcpu_set_singleshot_timer call{system_time() + 2000000, 0};
    EXPECT_EQ(vcpu_op(VCPUOP_set_singleshot_timer, 0, &call), 0);
    EXPECT(wait_for([] { return event_count[which] >= 1; }));
    call.timeout_abs_ns = system_time() + 3600000000000ULL;
    EXPECT_EQ(vcpu_op(VCPUOP_set_singleshot_timer, 0, &call), 0);
    EXPECT_EQ(vcpu_op(VCPUOP_stop_singleshot_timer, 0, nullptr), 0);
    EXPECT_EQ(vcpu_op(VCPUOP_set_singleshot_timer, 1, &call), einval); // another vCPU's
    EXPECT_EQ(vcpu_op(VCPUOP_stop_singleshot_timer, 1, nullptr), einval);
    events_off();
    close_port(which);
}
GUEST_CASE(single_shot_timer_in_the_past) {
    static unsigned which;
    const long port = bind_virq(VIRQ_TIMER, 0);
    REQUIRE(port > 0);
    which = static_cast<unsigned>(port);
    event_count[which] = 0;
    events_on();
    vcpu_set_singleshot_timer call{1, 0};
    EXPECT_EQ(vcpu_op(VCPUOP_set_singleshot_timer, 0, &call), 0);
    EXPECT(wait_for([] { return event_count[which] >= 1; }));
    call = {1, VCPU_SSHOTTMR_future};
    const long result = vcpu_op(VCPUOP_set_singleshot_timer, 0, &call);
    EXPECT(result == -62 || result == 0); // ETIME
    events_off();
    close_port(which);
}
GUEST_CASE(periodic_timer) {
    static unsigned which;
    const long port = bind_virq(VIRQ_TIMER, 0);
    REQUIRE(port > 0);
    which = static_cast<unsigned>(port);
    event_count[which] = 0;
    events_on();
    vcpu_set_periodic_timer call{2000000};
    EXPECT_EQ(vcpu_op(VCPUOP_set_periodic_timer, 0, &call), 0);
    EXPECT(wait_for([] { return event_count[which] >= 3; }));
    EXPECT_EQ(vcpu_op(VCPUOP_stop_periodic_timer, 0, nullptr), 0);
    call.period_ns = 1; // far too often
    EXPECT(vcpu_op(VCPUOP_set_periodic_timer, 0, &call) < 0);
    vcpu_op(VCPUOP_stop_periodic_timer, 0, nullptr);
    events_off();
    close_port(which);
}
static void initialise_with_an_event_pending() {
    // The tables of the new vCPU are not validated yet, which is work; an event calls for an end of the hypercall.
    static vcpu_guest_context context; // its registers are all zero
    auto* l3 = static_cast<uint64_t*>(alloc_page());
    auto* l4 = static_cast<uint64_t*>(alloc_page());
    l4[3] = entry(mfn_of(l3), pte_present);
    context.flags = VGCF_IN_KERNEL;
    context.ctrlreg[3] = xen_pfn_to_cr3(mfn_of(l4));
    mailbox.word[1] = static_cast<uint64_t>(make_readonly(l3) | make_readonly(l4));
    shared->vcpu_info[0].evtchn_upcall_pending = 1;
    shared->vcpu_info[0].evtchn_upcall_mask = 0;
    mailbox.word[2] = static_cast<uint64_t>(vcpu_op(VCPUOP_initialise, 1, &context));
    events_off();
    mailbox.word[3] = static_cast<uint64_t>(vcpu_op(VCPUOP_initialise, 1, &context));
    mailbox.word[0] = 1;
    shutdown(SHUTDOWN_poweroff);
}
GUEST_CASE(initialise_while_an_event_waits) {
    static Peer peer;
    REQUIRE_EQ(peer.create(initialise_with_an_event_pending, 2), 0);
    peer.unpause();
    EXPECT(peer.wait_shutdown(SHUTDOWN_poweroff));
    EXPECT_EQ(peer.mail[0], 1);
    EXPECT_EQ(peer.mail[1], 0);
    EXPECT_EQ(peer.mail[2], 0);
    EXPECT_EQ(static_cast<long>(peer.mail[3]), eexist);
    EXPECT_EQ(peer.destroy(), 0);
}
GUEST_CASE(physical_ids) {
    vcpu_get_physid call{};
    const long result = vcpu_op(VCPUOP_get_physid, 0, &call);
    EXPECT(result == 0 || result == einval);
}
GUEST_CASE(unknown_command) { EXPECT(vcpu_op(99, 0, nullptr) < 0); }
GUEST_CASE(own_info_page_moves) {
    static vcpu_register_vcpu_info call;
    auto* page = static_cast<vcpu_info_t*>(alloc_page());
    call = {};
    call.mfn = mfn_of(page);
    EXPECT_EQ(vcpu_op(VCPUOP_register_vcpu_info, 0, &call), 0);
    // Pending and mask moved along; Xen makes the vCPU look again at everything.
    EXPECT_EQ(page->evtchn_upcall_mask, 1);
    EXPECT_EQ(page->evtchn_upcall_pending, 1);
    const long port = bind_ipi(0);
    page->evtchn_upcall_pending = 0;
    page->evtchn_pending_sel = 0;
    EXPECT_EQ(send(static_cast<unsigned>(port)), 0);
    EXPECT_EQ(page->evtchn_upcall_pending, 1);
    EXPECT_EQ(page->evtchn_pending_sel, 1UL << (port / 64));
    const Trap trap = try_read(reinterpret_cast<void*>(0x9000));
    EXPECT_EQ(trap.vector, page_fault);
    EXPECT_EQ(page->arch.cr2, 0x9000);
}
