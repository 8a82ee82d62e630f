// SPDX-License-Identifier: MIT
// Event channels misused: forged ports and domains, other domains' channels, wild values in the shared page.
#include "lib/guest.h"

#include <initializer_list>

using namespace skerry::guest;

static const unsigned bad_ports[] = {0, 4000, 4095, 4096, 131071, 131072, 0x7fffffff, 0x80000000, 0xffffffff};

GUEST_CASE(send_to_ports_that_are_not) {
    for (const unsigned port : bad_ports) EXPECT(send(port) < 0);
}
GUEST_CASE(close_ports_that_are_not) {
    for (const unsigned port : bad_ports) EXPECT(close_port(port) < 0);
}
GUEST_CASE(unmask_ports_that_are_not) {
    for (const unsigned port : bad_ports) {
        evtchn_unmask call{port};
        const long result = event_op(EVTCHNOP_unmask, &call);
        if (port >= 4096) EXPECT(result < 0);
    }
}
GUEST_CASE(status_of_ports_that_are_not) {
    for (const unsigned port : bad_ports) {
        evtchn_status call{};
        call.dom = DOMID_SELF;
        call.port = port;
        const long result = event_op(EVTCHNOP_status, &call);
        EXPECT(result < 0 || call.status == EVTCHNSTAT_closed);
    }
}
GUEST_CASE(bind_to_ports_that_are_not) {
    for (const unsigned port : bad_ports) EXPECT(bind_interdomain(DOMID_SELF, port) < 0);
    for (const unsigned dom :
         {1234U, unsigned{DOMID_XEN}, unsigned{DOMID_IO}, unsigned{DOMID_INVALID}, unsigned{DOMID_IDLE}})
        EXPECT(bind_interdomain(dom, 1) < 0);
}
GUEST_CASE(bind_to_what_was_not_offered_to_us) {
    const long port = alloc_unbound(DOMID_SELF, 77);
    REQUIRE(port > 0);
    EXPECT_EQ(bind_interdomain(DOMID_SELF, static_cast<unsigned>(port)), einval);
    close_port(static_cast<unsigned>(port));
}
GUEST_CASE(bind_twice) {
    unsigned ports[2];
    REQUIRE_EQ(bind_loop(ports), 0);
    EXPECT(bind_interdomain(DOMID_SELF, ports[0]) < 0);
    EXPECT(bind_interdomain(DOMID_SELF, ports[1]) < 0);
    close_port(ports[0]);
    close_port(ports[1]);
}
GUEST_CASE(send_through_an_unbound_or_virq_port) {
    const long unbound = alloc_unbound(DOMID_SELF, DOMID_SELF);
    EXPECT_EQ(send(static_cast<unsigned>(unbound)), 0); // lost silently, as on Xen
    const long virq = bind_virq(VIRQ_DEBUG, 0);
    EXPECT_EQ(send(static_cast<unsigned>(virq)), einval);
    close_port(static_cast<unsigned>(unbound));
    close_port(static_cast<unsigned>(virq));
}
GUEST_CASE(vcpus_that_are_not) {
    for (const unsigned vcpu : {2U, 31U, 32U, 8192U, 0x80000000U, 0xffffffffU}) {
        if (vcpu < vcpu_count()) continue;
        EXPECT_EQ(bind_ipi(vcpu), enoent);
        EXPECT_EQ(bind_virq(VIRQ_TIMER, vcpu), enoent);
        const long port = alloc_unbound(DOMID_SELF, 7);
        evtchn_bind_vcpu move{static_cast<evtchn_port_t>(port), vcpu};
        EXPECT_EQ(event_op(EVTCHNOP_bind_vcpu, &move), enoent);
        close_port(static_cast<unsigned>(port));
    }
}
GUEST_CASE(virqs_that_are_not) {
    for (const unsigned virq : {unsigned{NR_VIRQS}, 1000U, 0xffffffffU}) EXPECT_EQ(bind_virq(virq, 0), einval);
}
GUEST_CASE(an_ipi_or_virq_does_not_move) {
    const long ipi = bind_ipi(0);
    evtchn_bind_vcpu move{static_cast<evtchn_port_t>(ipi), 1};
    EXPECT_EQ(event_op(EVTCHNOP_bind_vcpu, &move), einval);
    close_port(static_cast<unsigned>(ipi));
    const long timer = bind_virq(VIRQ_TIMER, 0);
    move.port = static_cast<evtchn_port_t>(timer);
    EXPECT_EQ(event_op(EVTCHNOP_bind_vcpu, &move), einval);
    close_port(static_cast<unsigned>(timer));
}
GUEST_CASE(arguments_that_cannot_be_read) {
    for (const int command :
         {EVTCHNOP_bind_interdomain, EVTCHNOP_bind_virq, EVTCHNOP_close, EVTCHNOP_send, EVTCHNOP_status,
          EVTCHNOP_alloc_unbound, EVTCHNOP_bind_ipi, EVTCHNOP_bind_vcpu, EVTCHNOP_unmask, EVTCHNOP_reset}) {
        EXPECT_EQ(event_op(command, reinterpret_cast<void*>(0x1000)), efault);
        EXPECT_EQ(event_op(command, reinterpret_cast<void*>(0xffff830000000000UL)), efault);
    }
    EXPECT_EQ(event_op(1000, nullptr), enosys);
}
GUEST_CASE(result_into_a_readonly_page_leaves_no_port) {
    auto* call = static_cast<evtchn_bind_ipi*>(alloc_page());
    const long lowest = bind_ipi(0);
    close_port(static_cast<unsigned>(lowest));
    REQUIRE_EQ(make_readonly(call), 0);
    EXPECT_EQ(event_op(EVTCHNOP_bind_ipi, call), efault);
    make_writable(call);
    const long now = bind_ipi(0);
    EXPECT(now >= lowest);
    close_port(static_cast<unsigned>(now));
}
GUEST_CASE(all_ports_taken_is_an_error) {
    // Until there are no more: an error, and everything can be given back.
    static unsigned taken;
    taken = 0;
    long result = 0;
    while (taken < 5000 && (result = alloc_unbound(DOMID_SELF, 7)) > 0) taken++;
    EXPECT(result == enospc || taken == 5000);
    EXPECT(taken >= 4000);
    evtchn_reset call{DOMID_SELF};
    EXPECT_EQ(event_op(EVTCHNOP_reset, &call), 0);
    const long port = alloc_unbound(DOMID_SELF, 7);
    EXPECT(port > 0);
    close_port(static_cast<unsigned>(port));
}
GUEST_CASE(wild_values_in_the_shared_page) {
    unsigned ports[2];
    REQUIRE_EQ(bind_loop(ports), 0);
    for (auto& word : shared->evtchn_pending) word = ~0UL;
    for (auto& word : shared->evtchn_mask) word = ~0UL;
    shared->vcpu_info[0].evtchn_pending_sel = ~0UL;
    for (unsigned vcpu = 2; vcpu < XEN_LEGACY_MAX_VCPUS; vcpu++) shared->vcpu_info[vcpu].evtchn_pending_sel = ~0UL;
    EXPECT_EQ(send(ports[0]), 0);
    for (auto& word : shared->evtchn_pending) word = 0;
    for (auto& word : shared->evtchn_mask) word = 0;
    shared->vcpu_info[0].evtchn_pending_sel = 0;
    shared->vcpu_info[0].evtchn_upcall_pending = 0;
    event_count[ports[1]] = 0;
    events_on();
    EXPECT_EQ(send(ports[0]), 0);
    EXPECT_EQ(event_count[ports[1]], 1);
    events_off();
    close_port(ports[0]);
    close_port(ports[1]);
}
// What an unprivileged domain must not do to others.
static void try_others() {
    uint64_t n = 0;
    mailbox.word[n++] = static_cast<uint64_t>(alloc_unbound(0, DOMID_SELF)); // a port in domain 0
    mailbox.word[n++] = static_cast<uint64_t>(bind_interdomain(0, 1));       // a channel not meant for us
    mailbox.word[n++] = static_cast<uint64_t>(bind_virq(VIRQ_DOM_EXC, 0));   // a global VIRQ
    evtchn_status status{};
    status.dom = 0;
    status.port = 1;
    mailbox.word[n++] = static_cast<uint64_t>(event_op(EVTCHNOP_status, &status));
    evtchn_reset reset{0};
    mailbox.word[n++] = static_cast<uint64_t>(event_op(EVTCHNOP_reset, &reset));
    evtchn_bind_pirq pirq{4, 0, 0};
    mailbox.word[n++] = static_cast<uint64_t>(event_op(EVTCHNOP_bind_pirq, &pirq));
    shutdown(SHUTDOWN_poweroff);
}
GUEST_CASE(an_unprivileged_domain_against_others) {
    const long offered = alloc_unbound(DOMID_SELF, 99);
    static Peer peer;
    REQUIRE_EQ(peer.create(try_others), 0);
    peer.unpause();
    EXPECT(peer.wait_shutdown(SHUTDOWN_poweroff));
    EXPECT_EQ(peer.mail[0], eperm);
    EXPECT(static_cast<long>(peer.mail[1]) < 0);
    // mail[2]: a global VIRQ may be bound by anybody and fires for one domain only.
    EXPECT_EQ(peer.mail[3], eperm);
    EXPECT_EQ(peer.mail[4], eperm);
    EXPECT(static_cast<long>(peer.mail[5]) < 0);
    EXPECT_EQ(peer.destroy(), 0);
    close_port(static_cast<unsigned>(offered));
}
