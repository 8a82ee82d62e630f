// SPDX-License-Identifier: MIT
// FIFO event channels: control block, event array, link order, priorities, and a guest that scribbles over its own
// queues.
#include "lib/guest.h"

#include <initializer_list>

using namespace skerry::guest;

static evtchn_fifo_control_block* control;
static volatile uint32_t* words; // the event array

constexpr uint32_t fifo_pending = 1U << EVTCHN_FIFO_PENDING, fifo_masked = 1U << EVTCHN_FIFO_MASKED,
                   fifo_linked = 1U << EVTCHN_FIFO_LINKED;

static long init(void* page, uint32_t offset, uint32_t vcpu) {
    evtchn_init_control call{};
    call.control_gfn = mfn_of(page);
    call.offset = offset;
    call.vcpu = vcpu;
    return event_op(EVTCHNOP_init_control, &call);
}
static long expand(Mfn mfn) {
    evtchn_expand_array call{};
    call.array_gfn = mfn;
    return event_op(EVTCHNOP_expand_array, &call);
}
static void set_priority(unsigned port, unsigned priority) {
    evtchn_set_priority call{port, priority};
    EXPECT_EQ(event_op(EVTCHNOP_set_priority, &call), 0);
}
// Takes the head of a queue as a kernel does; 0 when empty.
static unsigned take(unsigned queue) {
    const unsigned port = control->head[queue];
    if (port == 0) return 0;
    control->ready &= ~(control->head[queue] == 0 ? 1U << queue : 0);
    const uint32_t word = words[port];
    control->head[queue] = word & EVTCHN_FIFO_LINK_MASK;
    words[port] = word & ~(fifo_linked | fifo_pending | EVTCHN_FIFO_LINK_MASK);
    if (control->head[queue] == 0) control->ready &= ~(1U << queue);
    return port;
}
static void unmask(unsigned port) {
    evtchn_unmask call{port};
    event_op(EVTCHNOP_unmask, &call);
}

GUEST_CASE(bad_control_blocks_first) {
    void* page = alloc_page();
    EXPECT_EQ(init(page, 4096 - 8, 0), einval); // crosses the page
    EXPECT_EQ(init(page, 3, 0), einval);        // unaligned
    EXPECT_EQ(init(page, 0, 100), enoent);
    evtchn_init_control call{};
    call.control_gfn = 0xfffffffffULL;
    EXPECT(event_op(EVTCHNOP_init_control, &call) < 0);
    call.control_gfn = mfn_of(top_table()); // a page table cannot be written by Xen
    EXPECT(event_op(EVTCHNOP_init_control, &call) < 0);
    EXPECT(expand(mfn_of(page)) < 0); // not before a control block
    free_page(page);
}
GUEST_CASE(switch_to_fifo) {
    control = static_cast<evtchn_fifo_control_block*>(alloc_page());
    words = static_cast<volatile uint32_t*>(alloc_page());
    REQUIRE_EQ(init(control, 0, 0), 0);
    EXPECT_EQ(init(control, 0, 0), einval); // once
    REQUIRE_EQ(expand(mfn_of(const_cast<uint32_t*>(words))), 0);
    void* second = alloc_page();
    EXPECT_EQ(init(second, 0, 1), 0);
    // Frames given away this way stay writable for us but can be no table.
    REQUIRE_EQ(make_readonly(second), 0);
    EXPECT(pin(1, mfn_of(second)) < 0);
    make_writable(second);
}
GUEST_CASE(an_event_is_linked_and_ready) {
    REQUIRE(control != nullptr);
    unsigned ports[2];
    REQUIRE_EQ(bind_loop(ports), 0);
    EXPECT(words[ports[1]] & fifo_masked || (words[ports[1]] & fifo_masked) == 0);
    unmask(ports[1]);
    while (take(EVTCHN_FIFO_PRIORITY_DEFAULT) != 0) {}
    shared->vcpu_info[0].evtchn_upcall_pending = 0;
    EXPECT_EQ(send(ports[0]), 0);
    EXPECT_EQ(words[ports[1]] & (fifo_pending | fifo_linked), fifo_pending | fifo_linked);
    EXPECT(control->ready & 1U << EVTCHN_FIFO_PRIORITY_DEFAULT);
    EXPECT_EQ(shared->vcpu_info[0].evtchn_upcall_pending, 1);
    EXPECT_EQ(take(EVTCHN_FIFO_PRIORITY_DEFAULT), ports[1]);
    EXPECT_EQ(take(EVTCHN_FIFO_PRIORITY_DEFAULT), 0);
    close_port(ports[0]);
    close_port(ports[1]);
}
GUEST_CASE(first_in_first_out) {
    REQUIRE(control != nullptr);
    unsigned a[2], b[2], c[2];
    REQUIRE_EQ(bind_loop(a), 0);
    REQUIRE_EQ(bind_loop(b), 0);
    REQUIRE_EQ(bind_loop(c), 0);
    for (const unsigned port : {a[1], b[1], c[1]}) unmask(port);
    while (take(EVTCHN_FIFO_PRIORITY_DEFAULT) != 0) {}
    send(c[0]);
    send(a[0]);
    send(b[0]);
    send(c[0]); // already linked
    EXPECT_EQ(take(EVTCHN_FIFO_PRIORITY_DEFAULT), c[1]);
    EXPECT_EQ(take(EVTCHN_FIFO_PRIORITY_DEFAULT), a[1]);
    EXPECT_EQ(take(EVTCHN_FIFO_PRIORITY_DEFAULT), b[1]);
    EXPECT_EQ(take(EVTCHN_FIFO_PRIORITY_DEFAULT), 0);
    for (const unsigned port : {a[0], a[1], b[0], b[1], c[0], c[1]}) close_port(port);
}
GUEST_CASE(a_masked_event_is_pending_and_not_linked) {
    REQUIRE(control != nullptr);
    unsigned ports[2];
    REQUIRE_EQ(bind_loop(ports), 0);
    while (take(EVTCHN_FIFO_PRIORITY_DEFAULT) != 0) {}
    words[ports[1]] = fifo_masked;
    send(ports[0]);
    EXPECT_EQ(words[ports[1]] & (fifo_pending | fifo_linked), fifo_pending);
    unmask(ports[1]);
    EXPECT_EQ(words[ports[1]] & (fifo_pending | fifo_linked | fifo_masked), fifo_pending | fifo_linked);
    EXPECT_EQ(take(EVTCHN_FIFO_PRIORITY_DEFAULT), ports[1]);
    close_port(ports[0]);
    close_port(ports[1]);
}
GUEST_CASE(priorities_have_their_own_queues) {
    REQUIRE(control != nullptr);
    unsigned high[2], low[2];
    REQUIRE_EQ(bind_loop(high), 0);
    REQUIRE_EQ(bind_loop(low), 0);
    unmask(high[1]);
    unmask(low[1]);
    while (take(EVTCHN_FIFO_PRIORITY_DEFAULT) != 0) {}
    set_priority(high[1], EVTCHN_FIFO_PRIORITY_MAX);
    set_priority(low[1], EVTCHN_FIFO_PRIORITY_MIN);
    send(low[0]);
    send(high[0]);
    EXPECT_EQ(control->ready & (1U << EVTCHN_FIFO_PRIORITY_MAX | 1U << EVTCHN_FIFO_PRIORITY_MIN),
              1U << EVTCHN_FIFO_PRIORITY_MAX | 1U << EVTCHN_FIFO_PRIORITY_MIN);
    EXPECT_EQ(take(EVTCHN_FIFO_PRIORITY_MAX), high[1]);
    EXPECT_EQ(take(EVTCHN_FIFO_PRIORITY_MIN), low[1]);
    for (const unsigned port : {high[0], high[1], low[0], low[1]}) close_port(port);
}
GUEST_CASE(priorities_that_are_not) {
    unsigned ports[2];
    REQUIRE_EQ(bind_loop(ports), 0);
    evtchn_set_priority call{ports[0], EVTCHN_FIFO_MAX_QUEUES};
    EXPECT_EQ(event_op(EVTCHNOP_set_priority, &call), einval);
    call.priority = 0xffffffff;
    EXPECT_EQ(event_op(EVTCHNOP_set_priority, &call), einval);
    call = {131071, 7};
    EXPECT(event_op(EVTCHNOP_set_priority, &call) < 0);
    close_port(ports[0]);
    close_port(ports[1]);
}
GUEST_CASE(ports_beyond_the_array) {
    // One page holds 1024 words: further ports need further pages, or an error.
    long last = 0;
    unsigned opened = 0;
    while (opened < 1100 && (last = alloc_unbound(DOMID_SELF, 7)) > 0) opened++;
    EXPECT(opened == 1100 || last == enospc);
    // A port without a word: events on it are lost, nothing worse.
    const long ipi = bind_ipi(0);
    if (ipi > 1023) EXPECT_EQ(send(static_cast<unsigned>(ipi)), 0);
    EXPECT_EQ(expand(mfn_of(alloc_page())), 0);
    EXPECT(alloc_unbound(DOMID_SELF, 7) > 0);
}
GUEST_CASE(arrays_that_cannot_be) {
    EXPECT(expand(0xfffffffffULL) < 0);
    EXPECT(expand(mfn_of(top_table())) < 0);
    EXPECT(expand(entry_mfn(top_table()[256])) < 0);
}
GUEST_CASE(scribbled_links_do_not_lead_anywhere) {
    // The whole array set to nonsense, then events: the hypervisor must neither crash nor hang.
    REQUIRE(control != nullptr);
    for (unsigned i = 0; i < 1024; i++) words[i] = 0x1ffff | fifo_linked;
    for (auto& head : control->head) head = 0x1ffff;
    for (unsigned port = 1; port < 60; port++) send(port);
    const long ipi = bind_ipi(0);
    if (ipi > 0) {
        for (int i = 0; i < 10; i++) send(static_cast<unsigned>(ipi));
        unmask(static_cast<unsigned>(ipi));
        close_port(static_cast<unsigned>(ipi));
    }
    for (unsigned i = 0; i < 1024; i++) words[i] = 0;
    EXPECT(xen_version(XENVER_version, nullptr) > 0);
}
GUEST_CASE(reset_returns_to_two_levels) {
    evtchn_reset call{DOMID_SELF};
    EXPECT_EQ(event_op(EVTCHNOP_reset, &call), 0);
    unsigned ports[2];
    REQUIRE_EQ(bind_loop(ports), 0);
    for (auto& word : shared->evtchn_mask) word = 0;
    for (auto& word : shared->evtchn_pending) word = 0;
    shared->vcpu_info[0].evtchn_pending_sel = 0;
    shared->vcpu_info[0].evtchn_upcall_pending = 0;
    event_count[ports[1]] = 0;
    events_on();
    EXPECT_EQ(send(ports[0]), 0);
    EXPECT_EQ(event_count[ports[1]], 1);
    events_off();
}
