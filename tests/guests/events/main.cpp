// SPDX-License-Identifier: MIT
// Two-level event channels: every way to get a port, delivery, masks, pending bits, closing, and delivery across
// domains.
#include "lib/guest.h"

#include <initializer_list>

using namespace skerry::guest;

static evtchn_status status_of(unsigned port) {
    evtchn_status call{};
    call.dom = DOMID_SELF;
    call.port = port;
    if (event_op(EVTCHNOP_status, &call) != 0) call.status = 99;
    return call;
}
struct Loop {
    unsigned port[2] = {};
    bool open() { return bind_loop(port) == 0; }
    void close() {
        close_port(port[0]);
        close_port(port[1]);
    }
};

GUEST_CASE(send_reaches_the_other_end) {
    Loop loop;
    REQUIRE(loop.open());
    event_count[loop.port[1]] = 0;
    events_on();
    EXPECT_EQ(send(loop.port[0]), 0);
    EXPECT_EQ(event_count[loop.port[1]], 1);
    EXPECT_EQ(send(loop.port[1]), 0);
    events_off();
    loop.close();
}
GUEST_CASE(events_wait_while_masked_for_the_vcpu) {
    Loop loop;
    REQUIRE(loop.open());
    event_count[loop.port[1]] = 0;
    EXPECT_EQ(send(loop.port[0]), 0);
    EXPECT_EQ(event_count[loop.port[1]], 0);
    EXPECT(port_pending(loop.port[1]));
    EXPECT_EQ(shared->vcpu_info[0].evtchn_upcall_pending, 1);
    events_on();
    EXPECT_EQ(event_count[loop.port[1]], 1);
    events_off();
    loop.close();
}
GUEST_CASE(a_masked_port_is_pending_but_not_delivered) {
    Loop loop;
    REQUIRE(loop.open());
    event_count[loop.port[1]] = 0;
    mask_port(loop.port[1]);
    events_on();
    EXPECT_EQ(send(loop.port[0]), 0);
    EXPECT(port_pending(loop.port[1]));
    EXPECT_EQ(event_count[loop.port[1]], 0);
    unmask_port(loop.port[1]);
    EXPECT_EQ(event_count[loop.port[1]], 1);
    events_off();
    loop.close();
}
GUEST_CASE(an_event_sent_twice_comes_once) {
    Loop loop;
    REQUIRE(loop.open());
    event_count[loop.port[1]] = 0;
    EXPECT_EQ(send(loop.port[0]), 0);
    EXPECT_EQ(send(loop.port[0]), 0);
    events_on();
    EXPECT_EQ(event_count[loop.port[1]], 1);
    events_off();
    loop.close();
}
GUEST_CASE(status_tells_the_kind) {
    const long unbound = alloc_unbound(DOMID_SELF, 7);
    REQUIRE(unbound > 0);
    evtchn_status status = status_of(static_cast<unsigned>(unbound));
    EXPECT_EQ(status.status, EVTCHNSTAT_unbound);
    EXPECT_EQ(status.u.unbound.dom, 7);
    EXPECT_EQ(status.vcpu, 0);
    Loop loop;
    REQUIRE(loop.open());
    status = status_of(loop.port[0]);
    EXPECT_EQ(status.status, EVTCHNSTAT_interdomain);
    EXPECT_EQ(status.u.interdomain.port, loop.port[1]);
    EXPECT_EQ(status.u.interdomain.dom, 0);
    const long ipi = bind_ipi(0);
    EXPECT_EQ(status_of(static_cast<unsigned>(ipi)).status, EVTCHNSTAT_ipi);
    const long virq = bind_virq(VIRQ_DEBUG, 0);
    EXPECT_EQ(status_of(static_cast<unsigned>(virq)).status, EVTCHNSTAT_virq);
    EXPECT_EQ(status_of(static_cast<unsigned>(virq)).u.virq, VIRQ_DEBUG);
    close_port(static_cast<unsigned>(unbound));
    close_port(static_cast<unsigned>(ipi));
    close_port(static_cast<unsigned>(virq));
    EXPECT_EQ(status_of(static_cast<unsigned>(virq)).status, EVTCHNSTAT_closed);
    loop.close();
}
GUEST_CASE(closing_one_end_leaves_the_other_unbound) {
    Loop loop;
    REQUIRE(loop.open());
    EXPECT_EQ(close_port(loop.port[0]), 0);
    EXPECT_EQ(status_of(loop.port[0]).status, EVTCHNSTAT_closed);
    EXPECT_EQ(status_of(loop.port[1]).status, EVTCHNSTAT_unbound);
    EXPECT_EQ(send(loop.port[1]), 0); // into the void
    EXPECT_EQ(close_port(loop.port[1]), 0);
}
GUEST_CASE(ports_are_reused_lowest_first) {
    const long first = bind_ipi(0);
    REQUIRE(first > 0);
    EXPECT_EQ(close_port(static_cast<unsigned>(first)), 0);
    const long again = bind_ipi(0);
    EXPECT_EQ(again, first);
    close_port(static_cast<unsigned>(again));
}
GUEST_CASE(closing_clears_pending) {
    Loop loop;
    REQUIRE(loop.open());
    send(loop.port[0]);
    EXPECT(port_pending(loop.port[1]));
    loop.close();
    EXPECT(!port_pending(loop.port[1]));
}
GUEST_CASE(ipi_to_self) {
    const long port = bind_ipi(0);
    REQUIRE(port > 0);
    event_count[port] = 0;
    events_on();
    EXPECT_EQ(send(static_cast<unsigned>(port)), 0);
    EXPECT_EQ(event_count[port], 1);
    events_off();
    close_port(static_cast<unsigned>(port));
}
static volatile bool stop;
static void wait_for_events() {
    events_on();
    while (!stop) sched_op(SCHEDOP_yield, nullptr);
    events_off();
}
GUEST_CASE(ipi_to_the_second_vcpu) {
    const long port = bind_ipi(1);
    REQUIRE(port > 0);
    event_count[port] = 0;
    stop = false;
    REQUIRE(run_on_vcpu1(wait_for_events));
    EXPECT_EQ(send(static_cast<unsigned>(port)), 0);
    static unsigned which;
    which = static_cast<unsigned>(port);
    EXPECT(wait_for([] { return event_count[which] == 1; }));
    EXPECT_EQ(event_vcpu[port], 1);
    stop = true;
    EXPECT(vcpu1_idle());
    close_port(static_cast<unsigned>(port));
}
GUEST_CASE(bind_vcpu_moves_delivery) {
    Loop loop;
    REQUIRE(loop.open());
    evtchn_bind_vcpu move{loop.port[1], 1};
    EXPECT_EQ(event_op(EVTCHNOP_bind_vcpu, &move), 0);
    static unsigned which;
    which = loop.port[1];
    event_count[which] = 0;
    stop = false;
    REQUIRE(run_on_vcpu1(wait_for_events));
    send(loop.port[0]);
    EXPECT(wait_for([] { return event_count[which] == 1; }));
    EXPECT_EQ(event_vcpu[which], 1);
    stop = true;
    EXPECT(vcpu1_idle());
    loop.close();
}
GUEST_CASE(virq_timer_comes) {
    const long port = bind_virq(VIRQ_TIMER, 0);
    REQUIRE(port > 0);
    static unsigned which;
    which = static_cast<unsigned>(port);
    event_count[which] = 0;
    events_on();
    EXPECT_EQ(hypercall(__HYPERVISOR_set_timer_op, system_time() + 3000000), 0);
    EXPECT(wait_for([] { return event_count[which] >= 1; }));
    events_off();
    close_port(which);
}
GUEST_CASE(virq_bound_once) {
    const long port = bind_virq(VIRQ_TIMER, 0);
    REQUIRE(port > 0);
    EXPECT_EQ(bind_virq(VIRQ_TIMER, 0), eexist);
    EXPECT_EQ(close_port(static_cast<unsigned>(port)), 0);
    const long again = bind_virq(VIRQ_TIMER, 0);
    EXPECT(again > 0);
    close_port(static_cast<unsigned>(again));
}
GUEST_CASE(global_virq_needs_vcpu_zero) {
    EXPECT_EQ(bind_virq(VIRQ_DOM_EXC, 1), einval);
    const long port = bind_virq(VIRQ_DOM_EXC, 0);
    EXPECT(port > 0);
    close_port(static_cast<unsigned>(port));
}
static void pong() {
    const long port = bind_interdomain(0, static_cast<unsigned>(mailbox.word[0]));
    mailbox.word[1] = static_cast<uint64_t>(port);
    unsigned last = event_count[port];
    events_on();
    for (;;) {
        events_off(); // an event between the look and the block stays pending, and the block returns at once
        if (event_count[port] == last && mailbox.word[3] == 0) sched_op(SCHEDOP_block, nullptr);
        events_on();
        while (event_count[port] != last) {
            last = last + 1;
            mailbox.word[2] = mailbox.word[2] + 1;
            send(static_cast<unsigned>(port));
        }
        if (mailbox.word[3] != 0) shutdown(SHUTDOWN_poweroff);
    }
}
GUEST_CASE(ping_pong_between_domains) {
    static Peer peer;
    REQUIRE_EQ(peer.create(pong), 0);
    const long port = alloc_unbound(DOMID_SELF, peer.dom);
    REQUIRE(port > 0);
    peer.mail[0] = static_cast<uint64_t>(port);
    static unsigned which;
    which = static_cast<unsigned>(port);
    event_count[which] = 0;
    events_on();
    peer.unpause();
    REQUIRE(wait_for([] { return peer.mail[1] != 0; }));
    const evtchn_status status = status_of(which);
    EXPECT_EQ(status.status, EVTCHNSTAT_interdomain);
    EXPECT_EQ(status.u.interdomain.dom, peer.dom);
    EXPECT_EQ(status.u.interdomain.port, peer.mail[1]);
    for (unsigned round = 1; round <= 20; round++) {
        const unsigned before = event_count[which];
        EXPECT_EQ(send(which), 0);
        static unsigned expected;
        expected = before + 1;
        if (!EXPECT(wait_for([] { return event_count[which] >= expected; }))) break;
    }
    peer.mail[3] = 1;
    send(which);
    EXPECT(peer.wait_shutdown(SHUTDOWN_poweroff));
    events_off();
    EXPECT_EQ(peer.destroy(), 0);
    EXPECT(wait_for([] { return status_of(which).status == EVTCHNSTAT_unbound; })); // its end went with it
    close_port(which);
}
GUEST_CASE(reset_closes_everything) {
    Loop loop;
    REQUIRE(loop.open());
    const long ipi = bind_ipi(0);
    evtchn_reset call{DOMID_SELF};
    EXPECT_EQ(event_op(EVTCHNOP_reset, &call), 0);
    EXPECT_EQ(status_of(loop.port[0]).status, EVTCHNSTAT_closed);
    EXPECT_EQ(status_of(loop.port[1]).status, EVTCHNSTAT_closed);
    EXPECT_EQ(status_of(static_cast<unsigned>(ipi)).status, EVTCHNSTAT_closed);
}
