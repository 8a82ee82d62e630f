// SPDX-License-Identifier: MIT
// sched_op: yield, block, poll, shutdown of peers with each reason, watchdog; and arguments that make no sense.
#include "lib/guest.h"

#include <initializer_list>

using namespace skerry::guest;

GUEST_CASE(yield_returns) {
    for (int i = 0; i < 100; i++) EXPECT_EQ(sched_op(SCHEDOP_yield, nullptr), 0);
}
GUEST_CASE(block_returns_at_once_when_an_event_is_pending) {
    const long port = bind_ipi(0);
    REQUIRE(port > 0);
    event_count[port] = 0;
    EXPECT_EQ(send(static_cast<unsigned>(port)), 0);
    EXPECT_EQ(sched_op(SCHEDOP_block, nullptr), 0); // opens events, and one is there
    EXPECT_EQ(event_count[port], 1);
    EXPECT_EQ(shared->vcpu_info[0].evtchn_upcall_mask, 0);
    close_port(static_cast<unsigned>(port));
}
GUEST_CASE(block_until_the_timer) {
    vcpu_op(VCPUOP_stop_periodic_timer, 0, nullptr); // ours alone is measured
    const long port = bind_virq(VIRQ_TIMER, 0);
    REQUIRE(port > 0);
    event_count[port] = 0;
    const uint64_t start = system_time();
    EXPECT_EQ(hypercall(__HYPERVISOR_set_timer_op, start + 5000000), 0);
    while (event_count[port] == 0) sched_op(SCHEDOP_block, nullptr);
    EXPECT(system_time() >= start + 5000000);
    close_port(static_cast<unsigned>(port));
}
GUEST_CASE(poll_a_pending_port) {
    const long port = bind_ipi(0);
    REQUIRE(port > 0);
    mask_port(static_cast<unsigned>(port));
    send(static_cast<unsigned>(port));
    evtchn_port_t ports[1] = {static_cast<evtchn_port_t>(port)};
    sched_poll call{};
    set_xen_guest_handle(call.ports, ports);
    call.nr_ports = 1;
    EXPECT_EQ(sched_op(SCHEDOP_poll, &call), 0);
    clear_port(static_cast<unsigned>(port));
    unmask_port(static_cast<unsigned>(port));
    close_port(static_cast<unsigned>(port));
}
GUEST_CASE(poll_times_out) {
    const long port = bind_ipi(0);
    REQUIRE(port > 0);
    evtchn_port_t ports[1] = {static_cast<evtchn_port_t>(port)};
    sched_poll call{};
    set_xen_guest_handle(call.ports, ports);
    call.nr_ports = 1;
    const uint64_t start = system_time();
    call.timeout = start + 3000000;
    EXPECT_EQ(sched_op(SCHEDOP_poll, &call), 0);
    EXPECT(system_time() >= start + 3000000);
    EXPECT(!port_pending(static_cast<unsigned>(port)));
    close_port(static_cast<unsigned>(port));
}
GUEST_CASE(poll_of_ports_that_nobody_opened) {
    evtchn_port_t port;
    sched_poll call{};
    call.ports.p = &port;
    call.nr_ports = 1;
    call.timeout = 1; // long ago
    unsigned refused = 0;
    for (port = 1000; port < 4200; port += 10) refused += sched_op(SCHEDOP_poll, &call) == einval;
    EXPECT_EQ(refused, 320);
}
GUEST_CASE(poll_misused) {
    sched_poll call{};
    evtchn_port_t ports[1] = {4000000};
    set_xen_guest_handle(call.ports, ports);
    call.nr_ports = 1;
    call.timeout = 1;
    EXPECT(sched_op(SCHEDOP_poll, &call) < 0);
    call.nr_ports = 1000;
    EXPECT_EQ(sched_op(SCHEDOP_poll, &call), einval);
    call.nr_ports = 0xffffffff;
    EXPECT_EQ(sched_op(SCHEDOP_poll, &call), einval);
    call.nr_ports = 1;
    set_xen_guest_handle(call.ports, reinterpret_cast<evtchn_port_t*>(0x1000));
    EXPECT_EQ(sched_op(SCHEDOP_poll, &call), efault);
    EXPECT_EQ(sched_op(SCHEDOP_poll, reinterpret_cast<void*>(0x1000)), efault);
    call.nr_ports = 0;
    call.timeout = system_time() + 1000000;
    set_xen_guest_handle(call.ports, ports);
    EXPECT_EQ(sched_op(SCHEDOP_poll, &call), 0);
}
static void end_as_told() { shutdown(static_cast<unsigned>(mailbox.word[0])); }
GUEST_CASE(each_shutdown_reason_reaches_the_builder) {
    for (const unsigned reason : {unsigned{SHUTDOWN_poweroff}, unsigned{SHUTDOWN_reboot}, unsigned{SHUTDOWN_crash},
                                  unsigned{SHUTDOWN_suspend}}) {
        static Peer peer;
        peer = {};
        REQUIRE_EQ(peer.create(end_as_told), 0);
        peer.mail[0] = reason;
        peer.unpause();
        EXPECT(peer.wait_shutdown(reason));
        EXPECT_EQ(peer.destroy(), 0);
    }
}
GUEST_CASE(the_end_of_a_domain_raises_dom_exc) {
    const long port = bind_virq(VIRQ_DOM_EXC, 0);
    REQUIRE(port > 0);
    static unsigned which;
    which = static_cast<unsigned>(port);
    event_count[which] = 0;
    static Peer peer;
    peer = {};
    REQUIRE_EQ(peer.create(end_as_told), 0);
    peer.mail[0] = SHUTDOWN_poweroff;
    events_on();
    peer.unpause();
    EXPECT(wait_for([] { return event_count[which] >= 1; }));
    events_off();
    EXPECT(peer.wait_shutdown(SHUTDOWN_poweroff));
    EXPECT_EQ(peer.destroy(), 0);
    close_port(which);
}
GUEST_CASE(remote_shutdown) {
    static Peer peer;
    peer = {};
    REQUIRE_EQ(peer.create([] {
        for (;;) sched_op(SCHEDOP_yield, nullptr);
    }),
               0);
    peer.unpause();
    sched_remote_shutdown call{static_cast<domid_t>(peer.dom), SHUTDOWN_crash};
    EXPECT_EQ(sched_op(SCHEDOP_remote_shutdown, &call), 0);
    EXPECT(peer.wait_shutdown(SHUTDOWN_crash));
    EXPECT_EQ(peer.destroy(), 0);
    call.domain_id = 1234;
    EXPECT_EQ(sched_op(SCHEDOP_remote_shutdown, &call), esrch);
}
GUEST_CASE(watchdogs) {
    sched_watchdog call{0, 60};
    const long id = sched_op(SCHEDOP_watchdog, &call);
    EXPECT(id > 0);
    call = {static_cast<uint32_t>(id), 120};
    EXPECT_EQ(sched_op(SCHEDOP_watchdog, &call), 0);
    call = {static_cast<uint32_t>(id), 0};
    EXPECT_EQ(sched_op(SCHEDOP_watchdog, &call), 0);
    call = {static_cast<uint32_t>(id), 60};
    EXPECT(sched_op(SCHEDOP_watchdog, &call) < 0);
    call = {1000, 60};
    EXPECT_EQ(sched_op(SCHEDOP_watchdog, &call), einval);
}
static void forget_the_watchdog() {
    sched_watchdog call{0, 1};
    mailbox.word[0] = static_cast<uint64_t>(sched_op(SCHEDOP_watchdog, &call));
    for (;;) sched_op(SCHEDOP_yield, nullptr);
}
GUEST_CASE(a_forgotten_watchdog_ends_the_domain) {
    static Peer peer;
    peer = {};
    REQUIRE_EQ(peer.create(forget_the_watchdog), 0);
    peer.unpause();
    EXPECT(peer.wait_shutdown(SHUTDOWN_watchdog));
    EXPECT_EQ(peer.destroy(), 0);
}
GUEST_CASE(pause_and_unpause_nest) {
    static Peer peer;
    peer = {};
    REQUIRE_EQ(peer.create([] {
        for (;;) mailbox.word[0] = mailbox.word[0] + 1;
    }),
               0);
    peer.unpause();
    EXPECT(wait_for([] { return peer.mail[0] > 1000; }));
    EXPECT_EQ(peer.pause(), 0);
    const uint64_t stopped = peer.mail[0];
    spin(1000000);
    EXPECT_EQ(peer.mail[0], stopped);
    EXPECT_EQ(peer.unpause(), 0);
    static uint64_t from;
    from = stopped;
    EXPECT(wait_for([] { return peer.mail[0] > from; }));
    EXPECT_EQ(peer.destroy(), 0); // while it runs
}
GUEST_CASE(unknown_commands) {
    EXPECT(sched_op(99, nullptr) < 0);
    EXPECT_EQ(sched_op(SCHEDOP_shutdown, reinterpret_cast<void*>(0x1000)), efault);
}

static void shut_down_for_an_unknown_reason() { shutdown(99); }
GUEST_CASE(any_reason_ends_the_domain) {
    static Peer peer;
    REQUIRE_EQ(peer.create(shut_down_for_an_unknown_reason), 0);
    peer.unpause();
    EXPECT(peer.wait_shutdown(99));
    EXPECT_EQ(peer.destroy(), 0);
}
