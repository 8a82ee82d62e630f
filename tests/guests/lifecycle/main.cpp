// SPDX-License-Identifier: MIT
// Domains that come and go: nothing of the machine's memory stays behind, whatever peers still hold, and a sealed
// domain's memory and registers are out of everybody's reach while its life is not.
#include "lib/guest.h"

using namespace skerry::guest;

namespace {

constexpr unsigned domctl_seal = 0x5ea1;
constexpr unsigned extents = 32;

xen_domctl call;

long control(unsigned command, unsigned dom) {
    call.cmd = command;
    call.domain = static_cast<domid_t>(dom);
    return domctl(call);
}
long simple(unsigned command, unsigned dom) {
    call = {};
    return control(command, dom);
}
uint64_t free_pages() {
    static xen_sysctl info;
    info = {};
    info.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    info.cmd = XEN_SYSCTL_physinfo;
    return EXPECT_EQ(hypercall(__HYPERVISOR_sysctl, &info), 0) ? info.u.physinfo.free_pages : 0;
}
// The same, once it has stopped changing.
uint64_t settled_free_pages() {
    static uint64_t last;
    do last = free_pages();
    while (wait_for([] { return free_pages() != last; }, 30));
    return last;
}
// The last pages come back a little after their domain has gone. Xen scrubs when it has nothing else to do and keeps
// some pages in its own heaps; that not one is lost is our own promise.
bool memory_returns_to(uint64_t before) {
    static xen_extraversion_t version;
    xen_version(XENVER_extraversion, version);
    const uint64_t slack = strstr(version, "skerry") != nullptr ? 0 : 512;
    const bool returned = wait_for([&] { return free_pages() + slack >= before && free_pages() <= before + slack; });
    if (!returned) print("    free pages: %lu before, %lu now\n", before, free_pages());
    return returned;
}
long create_empty(unsigned vcpus) {
    call = {};
    call.u.createdomain.max_vcpus = vcpus;
    call.u.createdomain.max_evtchn_port = 1023;
    call.u.createdomain.max_grant_frames = 4;
    call.u.createdomain.max_maptrack_frames = 4;
    call.u.createdomain.grant_opts = XEN_DOMCTL_GRANT_version(2);
    const long result = control(XEN_DOMCTL_createdomain, 0);
    return result < 0 ? result : call.domain;
}
long set_vcpus(unsigned dom, unsigned vcpus) {
    call = {};
    call.u.max_vcpus.max = vcpus;
    return control(XEN_DOMCTL_max_vcpus, dom);
}
long limit_memory(unsigned dom) {
    call = {};
    call.u.max_mem.max_memkb = 1024;
    return control(XEN_DOMCTL_max_mem, dom);
}
long populate(unsigned dom, unsigned count) {
    static xen_pfn_t frames[extents];
    for (unsigned i = 0; i < count; i++) frames[i] = i;
    xen_memory_reservation request{};
    set_xen_guest_handle(request.extent_start, frames);
    request.nr_extents = count;
    request.domid = static_cast<domid_t>(dom);
    return memory_op(XENMEM_populate_physmap, &request);
}
bool live_once() {
    const long dom = create_empty(2);
    if (!EXPECT(dom > 0)) return false;
    const unsigned number = static_cast<unsigned>(dom);
    return EXPECT_EQ(set_vcpus(number, 2), 0) && EXPECT_EQ(limit_memory(number), 0) &&
           EXPECT_EQ(populate(number, extents), extents) && EXPECT_EQ(simple(XEN_DOMCTL_destroydomain, number), 0);
}

// In a peer: offers a page and a port to domain 0 and waits.
void offer_and_wait() {
    auto* page = static_cast<uint64_t*>(alloc_page());
    *page = 0x11fe;
    if (grant_table() == nullptr) shutdown(SHUTDOWN_crash);
    offer(60, 0, mfn_of(page));
    mailbox.word[1] = static_cast<uint64_t>(alloc_unbound(DOMID_SELF, 0));
    mailbox.word[0] = 1;
    for (;;) sched_op(SCHEDOP_yield, nullptr);
}
void yield_for_ever() {
    for (;;) sched_op(SCHEDOP_yield, nullptr);
}
// Arms watchdogs while it is being destroyed.
void arm_for_ever() {
    for (unsigned i = 0; i < 2; i++) {
        sched_watchdog_t request{0, 1};
        sched_op(SCHEDOP_watchdog, &request);
    }
    mailbox.word[0] = 1;
    for (;;) {
        for (unsigned id = 1; id <= 2; id++) {
            sched_watchdog_t request{id, 1};
            sched_op(SCHEDOP_watchdog, &request);
        }
    }
}

Peer peer;

} // namespace

GUEST_CASE(a_thousand_lives_leave_memory_as_it_was) {
    REQUIRE(live_once()); // what is allocated once
    const uint64_t before = settled_free_pages();
    for (unsigned i = 0; i < 1000; i++) REQUIRE(live_once());
    EXPECT(memory_returns_to(before));
}
GUEST_CASE(peers_that_hold_on) {
    REQUIRE(grant_table() != nullptr);
    REQUIRE_EQ(window_map(1, entry(mfn_of(image_base()), page_flags & ~pte_write)), 0); // page tables are there
    REQUIRE_EQ(window_unmap(1), 0);
    for (unsigned round = 0; round < 4; round++) {
        const uint64_t before = settled_free_pages();
        peer = {};
        REQUIRE_EQ(peer.create(offer_and_wait), 0);
        peer.unpause();
        REQUIRE(wait_for([] { return peer.mail[0] == 1; }));
        const Mapping mapping = map_grant(peer.dom, 60, window(1));
        REQUIRE_EQ(mapping.status, GNTST_okay);
        const long port = bind_interdomain(peer.dom, static_cast<unsigned>(peer.mail[1]));
        REQUIRE(port > 0);
        EXPECT_EQ(peer.destroy(), 0); // while it runs
        EXPECT_EQ(*static_cast<volatile uint64_t*>(window(1)), 0x11fe);
        send(static_cast<unsigned>(port)); // to nobody
        EXPECT_EQ(close_port(static_cast<unsigned>(port)), 0);
        EXPECT_EQ(unmap_grant(mapping), GNTST_okay);
        EXPECT_EQ(simple(XEN_DOMCTL_pausedomain, peer.dom), esrch); // and its number is free
        if (round > 0) EXPECT(memory_returns_to(before)); // the first mapping and port give this domain tables for them
    }
}
GUEST_CASE(watchdogs_armed_until_the_end) {
    for (unsigned round = 0; round < 3; round++) {
        peer = {};
        REQUIRE_EQ(peer.create(arm_for_ever), 0);
        peer.unpause();
        REQUIRE(wait_for([] { return peer.mail[0] == 1; }));
        REQUIRE_EQ(peer.destroy(), 0);
    }
    wait_for([] { return false; }, 1500); // none of them expires for a domain that is gone
}
GUEST_CASE(shut_down_before_it_has_vcpus) {
    const long dom = create_empty(1);
    REQUIRE(dom > 0);
    const unsigned number = static_cast<unsigned>(dom);
    sched_remote_shutdown_t request{static_cast<domid_t>(number), SHUTDOWN_suspend};
    EXPECT_EQ(sched_op(SCHEDOP_remote_shutdown, &request), 0);
    EXPECT_EQ(set_vcpus(number, 1), 0);
    simple(XEN_DOMCTL_unpausedomain, number);
    simple(XEN_DOMCTL_resumedomain, number);
    EXPECT_EQ(simple(XEN_DOMCTL_destroydomain, number), 0);
}
GUEST_CASE(sealed_for_good) {
    peer = {};
    REQUIRE_EQ(peer.create(yield_for_ever), 0);
    const uint64_t top = peer.top_frame(), page = peer.frame_of(image_base());
    const long refused = simple(domctl_seal, peer.dom);
    if (refused == enosys) {
        peer.destroy();
        return skip("this hypervisor does not seal");
    }
    EXPECT_EQ(refused, ebusy); // we still look at its memory
    const unsigned dom = peer.dom;
    peer.close_views();
    REQUIRE_EQ(simple(domctl_seal, dom), 0);

    EXPECT_EQ(window_map(1, entry(page, page_flags), dom), eperm);
    EXPECT_EQ(window_map(1, entry(page, page_flags & ~pte_write), dom), eperm);
    EXPECT_EQ(mmuext(MMUEXT_CLEAR_PAGE, page, 0, dom), eperm);
    EXPECT_EQ(unpin(top, dom), eperm);
    EXPECT_EQ(populate(dom, 1), 0); // extents
    static vcpu_guest_context context;
    call = {};
    set_xen_guest_handle(call.u.vcpucontext.ctxt, reinterpret_cast<vcpu_guest_context_t*>(&context));
    EXPECT_EQ(control(XEN_DOMCTL_setvcpucontext, dom), eperm);
    EXPECT_EQ(control(XEN_DOMCTL_getvcpucontext, dom), eperm);
    call = {};
    call.u.hypercall_init.gmfn = page;
    EXPECT_EQ(control(XEN_DOMCTL_hypercall_init, dom), eperm);
    EXPECT_EQ(simple(domctl_seal, dom), eperm);

    EXPECT_EQ(peer.unpause(), 0);
    EXPECT_EQ(peer.pause(), 0);
    EXPECT_EQ(peer.unpause(), 0);
    EXPECT_EQ(peer.destroy(), 0);
}
