// SPDX-License-Identifier: MIT
// Who may do what to whom: each control operation of operations.h, tried by domains that hold one right each, on a target of
// their own; and how rights are passed on, given up and listed. Not on Xen, which has its own idea of all this.
#include "lib/guest.h"
#include "operations.h"

#include <initializer_list>
#include <xen/platform.h>

using namespace skerry::guest;

namespace {

constexpr unsigned seal = 0x5ea1, set_right = 0x5ea2, get_rights = 0x5ea3;
// scheduler_op is two operations; the lowest bit is the command.
constexpr unsigned scheduler_op_putinfo = 0x10000 | XEN_DOMCTL_SCHEDOP_putinfo;
constexpr unsigned scheduler_op_getinfo = 0x10000 | XEN_DOMCTL_SCHEDOP_getinfo;
constexpr unsigned of_platform = 0, over_domain = 1;                              // kinds of rights
constexpr unsigned control_number = 0, map_memory_number = 1, inspect_number = 2; // numbers of their kind
constexpr unsigned taken = 0, given = 1, given_to_pass_on = 2;
constexpr unsigned right_kinds = 9;

struct Wish {
    uint8_t kind, right, held, padding;
    domid_t target;
};
struct Rights { // what get_rights answers
    uint32_t platform, holder_count;
    struct {
        domid_t id;
        uint8_t rights, to_pass_on;
    } holders[8];
    uint32_t range_count, padding;
    struct {
        uint64_t kind, first, last;
    } ranges[3];
};

xen_domctl call;
xen_sysctl system_call;
xen_platform_op platform_call;

long give(unsigned to, unsigned kind, unsigned right, unsigned held, unsigned target) {
    call = {};
    call.cmd = set_right;
    call.domain = static_cast<domid_t>(to);
    const Wish wish{static_cast<uint8_t>(kind), static_cast<uint8_t>(right), static_cast<uint8_t>(held), 0,
                    static_cast<domid_t>(target)};
    __builtin_memcpy(&call.u, &wish, sizeof(wish));
    return domctl(call);
}
long command(unsigned number, unsigned dom) {
    call = {};
    call.cmd = number;
    call.domain = static_cast<domid_t>(dom);
    return domctl(call);
}
Rights rights_of(unsigned dom, uint32_t skip = 0) {
    call = {};
    call.cmd = get_rights;
    call.domain = static_cast<domid_t>(dom);
    Rights rights{};
    rights.range_count = skip;
    __builtin_memcpy(&call.u, &rights, sizeof(rights));
    EXPECT_EQ(domctl(call), 0);
    __builtin_memcpy(&rights, &call.u, sizeof(rights));
    return rights;
}
unsigned bare_domain() {
    call = {};
    call.cmd = XEN_DOMCTL_createdomain;
    call.u.createdomain.max_vcpus = 1;
    call.u.createdomain.max_evtchn_port = 1023;
    call.u.createdomain.max_grant_frames = 4;
    call.u.createdomain.max_maptrack_frames = 4;
    call.u.createdomain.grant_opts = XEN_DOMCTL_GRANT_version(1);
    const unsigned dom = domctl(call) == 0 ? call.domain : 0;
    call.cmd = XEN_DOMCTL_max_mem;
    call.u.max_mem.max_memkb = 64;
    return dom != 0 && domctl(call) == 0 ? dom : 0;
}

// --- one function for each hypercall of the table: the operation on `target`, with arguments that harm nobody ---
long try_domctl(unsigned number, unsigned target) {
    if (number == set_right) return give(target, of_platform, inspect_number, taken, 0);
    if (number == scheduler_op_getinfo || number == scheduler_op_putinfo) {
        call = {};
        call.cmd = XEN_DOMCTL_scheduler_op;
        call.domain = static_cast<domid_t>(target);
        call.u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT;
        call.u.scheduler_op.cmd = number & 1;
        return domctl(call);
    }
    if (number != XEN_DOMCTL_createdomain) return command(number, target);
    return bare_domain() ? 0L : long{eperm};
}
long try_sysctl(unsigned number, unsigned) {
    system_call = {};
    system_call.interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    system_call.cmd = number;
    return hypercall(__HYPERVISOR_sysctl, &system_call);
}
long try_platform_op(unsigned number, unsigned) {
    platform_call = {};
    platform_call.interface_version = XENPF_INTERFACE_VERSION;
    platform_call.cmd = number;
    platform_call.u.settime64.mbz = 1; // refused, but not for want of the right
    return hypercall(__HYPERVISOR_platform_op, &platform_call);
}
long try_console_io(unsigned number, unsigned) { return hypercall(__HYPERVISOR_console_io, number, 0, ""); }
long try_sched_op(unsigned number, unsigned target) {
    sched_remote_shutdown request{static_cast<domid_t>(target), SHUTDOWN_poweroff};
    return hypercall(__HYPERVISOR_sched_op, number, &request);
}
long try_memory_op(unsigned number, unsigned target) {
    xen_memory_reservation request{};
    xen_pfn_t frame = 0;
    set_xen_guest_handle(request.extent_start, &frame);
    request.nr_extents = 1;
    request.domid = static_cast<domid_t>(target);
    // The answer is how many extents were done; a refusal is none.
    const long done = memory_op(number, &request);
    return done == 0 ? long{eperm} : done;
}
long try_mmuext_op(unsigned number, unsigned target) {
    mmuext_op operation{};
    operation.cmd = number;
    return hypercall(__HYPERVISOR_mmuext_op, &operation, 1, 0, target);
}
long try_mmu_update(unsigned number, unsigned target) {
    mmu_update request{number, 0};
    return hypercall(__HYPERVISOR_mmu_update, &request, 1, 0, (target + 1) << 16 | target);
}
long try_event_channel_op(unsigned number, unsigned target) {
    evtchn_alloc_unbound unbound{static_cast<domid_t>(target), 0, 0};
    evtchn_reset reset{static_cast<domid_t>(target)};
    return hypercall(__HYPERVISOR_event_channel_op, number,
                     number == EVTCHNOP_reset ? static_cast<void*>(&reset) : static_cast<void*>(&unbound));
}
long try_grant_table_op(unsigned number, unsigned target) {
    gnttab_setup_table setup{};
    gnttab_query_size size{};
    setup.dom = size.dom = static_cast<domid_t>(target);
    const bool sets_up = number == GNTTABOP_setup_table;
    const long result = hypercall(__HYPERVISOR_grant_table_op, number,
                                  sets_up ? static_cast<void*>(&setup) : static_cast<void*>(&size), 1);
    const int status = sets_up ? setup.status : size.status;
    return result == 0 && status == GNTST_permission_denied ? eperm : result;
}

struct Operation {
    const char* name;
    long (*perform)(unsigned number, unsigned target);
    unsigned number, rights;
};
constexpr Operation operations[] = {
#define ROW(hypercall, command, rights) {#command, try_##hypercall, command, rights},
    CONTROL_OPERATIONS(ROW)
#undef ROW
};
constexpr unsigned operation_count = sizeof(operations) / sizeof(operations[0]);

Peer peer;

// A peer tries all on the target in word 1, and tells what it got from word 8 on.
void try_all() {
    for (unsigned i = 0; i < operation_count; ++i)
        mailbox.word[8 + i] =
            static_cast<uint64_t>(operations[i].perform(operations[i].number, static_cast<unsigned>(mailbox.word[1])));
    mailbox.word[0] = operation_count;
    shutdown(SHUTDOWN_poweroff);
}

// A peer does what the words ask: pause the target; pass its right on to the third; take it from the third; give up its own;
// pause again.
void use_control() {
    const auto target = static_cast<unsigned>(mailbox.word[1]), third = static_cast<unsigned>(mailbox.word[2]);
    mailbox.word[8] = static_cast<uint64_t>(command(XEN_DOMCTL_pausedomain, target));
    mailbox.word[9] = static_cast<uint64_t>(give(third, over_domain, control_number, given, target));
    mailbox.word[10] = static_cast<uint64_t>(give(third, over_domain, control_number, taken, target));
    mailbox.word[11] = static_cast<uint64_t>(give(DOMID_SELF, over_domain, control_number, taken, target));
    mailbox.word[12] = static_cast<uint64_t>(command(XEN_DOMCTL_pausedomain, target));
    mailbox.word[13] = static_cast<uint64_t>(give(third, of_platform, inspect_number, given, 0));
    mailbox.word[14] = static_cast<uint64_t>(command(get_rights, 0));
    shutdown(SHUTDOWN_poweroff);
}

} // namespace

GUEST_CASE(each_operation_takes_its_right_and_no_other) {
    for (unsigned held = 0; held <= right_kinds; ++held) { // the last one: none
        const unsigned target = bare_domain();
        REQUIRE(target != 0);
        peer = {};
        REQUIRE_EQ(peer.create(try_all), 0);
        if (held < 7)
            REQUIRE_EQ(give(peer.dom, of_platform, held, given, 0), 0);
        else if (held < right_kinds)
            REQUIRE_EQ(give(peer.dom, over_domain, held - 7, given, target), 0);
        peer.mail[1] = target;
        peer.unpause();
        REQUIRE(peer.wait_shutdown(SHUTDOWN_poweroff));
        REQUIRE_EQ(peer.mail[0], operation_count);
        const unsigned right = held < right_kinds ? 1u << held : 0;
        for (unsigned i = 0; i < operation_count; ++i) {
            const bool refused = static_cast<long>(peer.mail[8 + i]) == eperm;
            if (!EXPECT_EQ(refused, (operations[i].rights & right) == 0))
                print("    right %x, %s: %ld\n", right, operations[i].name, static_cast<long>(peer.mail[8 + i]));
        }
        EXPECT_EQ(peer.destroy(), 0);
        command(XEN_DOMCTL_destroydomain, target); // who held `control` has done so
    }
}

GUEST_CASE(what_was_not_given_to_pass_on_is_not_passed_on) {
    for (const unsigned how : {given, given_to_pass_on}) {
        const unsigned target = bare_domain(), third = bare_domain();
        REQUIRE(target != 0 && third != 0);
        peer = {};
        REQUIRE_EQ(peer.create(use_control), 0);
        EXPECT_EQ(give(peer.dom, over_domain, control_number, how, target), 0);
        Rights rights = rights_of(target);
        EXPECT_EQ(rights.holder_count, 2); // this domain, as its maker, and the peer
        EXPECT_EQ(rights.holders[0].id, 0);
        EXPECT_EQ(rights.holders[0].to_pass_on, 3);
        EXPECT_EQ(rights.holders[1].id, peer.dom);
        EXPECT_EQ(rights.holders[1].rights, 1);
        EXPECT_EQ(rights.holders[1].to_pass_on, how == given_to_pass_on ? 1 : 0);
        peer.mail[1] = target;
        peer.mail[2] = third;
        peer.unpause();
        REQUIRE(peer.wait_shutdown(SHUTDOWN_poweroff));
        const long passed = how == given_to_pass_on ? 0L : long{eperm};
        const long expected[] = {0, passed, passed, 0, eperm, eperm, eperm};
        for (unsigned i = 0; i < 7; ++i)
            if (!EXPECT_EQ(static_cast<long>(peer.mail[8 + i]), expected[i])) print("    step %u\n", i);
        EXPECT_EQ(rights_of(target).holder_count, 1);
        EXPECT_EQ(peer.destroy(), 0);
        EXPECT_EQ(command(XEN_DOMCTL_destroydomain, target), 0);
        EXPECT_EQ(command(XEN_DOMCTL_destroydomain, third), 0);
    }
}

GUEST_CASE(rights_end_with_their_holder) {
    const unsigned target = bare_domain(), holder = bare_domain();
    REQUIRE(target != 0 && holder != 0);
    EXPECT_EQ(give(holder, over_domain, map_memory_number, given, target), 0);
    EXPECT_EQ(rights_of(target).holder_count, 2);
    EXPECT_EQ(command(XEN_DOMCTL_destroydomain, holder), 0);
    EXPECT(wait_for([&] { return rights_of(target).holder_count == 1; }, 1000));
    EXPECT_EQ(command(XEN_DOMCTL_destroydomain, target), 0);
}

GUEST_CASE(nine_holders_are_too_many) {
    const unsigned target = bare_domain();
    unsigned holders[8];
    for (unsigned& holder : holders) holder = bare_domain();
    for (unsigned i = 0; i < 8; ++i)
        EXPECT_EQ(give(holders[i], over_domain, control_number, given, target), i < 7 ? 0L : long{enospc});
    EXPECT_EQ(give(holders[6], over_domain, control_number, taken, target), 0);
    EXPECT_EQ(give(holders[7], over_domain, control_number, given, target), 0);
    for (unsigned holder : holders) EXPECT_EQ(command(XEN_DOMCTL_destroydomain, holder), 0);
    EXPECT_EQ(command(XEN_DOMCTL_destroydomain, target), 0);
}

GUEST_CASE(rights_and_hardware_are_listed) {
    EXPECT_EQ(rights_of(0).platform, 0xffffffff);
    const unsigned dom = bare_domain();
    EXPECT_EQ(rights_of(dom).platform, 0);
    EXPECT_EQ(give(dom, of_platform, inspect_number, given, 0), 0);
    EXPECT_EQ(rights_of(dom).platform, 1 << inspect_number);
    for (unsigned port = 0x60; port <= 0x64; ++port) {
        call = {};
        call.cmd = XEN_DOMCTL_ioport_permission;
        call.domain = static_cast<domid_t>(dom);
        call.u.ioport_permission.first_port = port * 2;
        call.u.ioport_permission.nr_ports = 1;
        call.u.ioport_permission.allow_access = 1;
        EXPECT_EQ(domctl(call), 0);
    }
    Rights rights = rights_of(dom);
    EXPECT_EQ(rights.range_count, 5);
    EXPECT_EQ(rights.ranges[0].kind, 0);
    EXPECT_EQ(rights.ranges[2].first, 0xc4);
    EXPECT_EQ(rights.ranges[2].last, 0xc4);
    rights = rights_of(dom, 3);
    EXPECT_EQ(rights.range_count, 5);
    EXPECT_EQ(rights.ranges[1].last, 0xc8);
    EXPECT_EQ(rights.ranges[2].last, 0);
    EXPECT_EQ(command(XEN_DOMCTL_destroydomain, dom), 0);
}

GUEST_CASE(nonsense_is_refused) {
    const unsigned dom = bare_domain();
    EXPECT_EQ(give(dom, 2, 0, given, 0), einval);
    EXPECT_EQ(give(dom, of_platform, 7, given, 0), einval);
    EXPECT_EQ(give(dom, over_domain, 2, given, 0), einval);
    EXPECT_EQ(give(dom, over_domain, 0, 3, 0), einval);
    EXPECT_EQ(give(dom, over_domain, 0, given, 12345), esrch);
    EXPECT_EQ(give(0, of_platform, 0, taken, 0), einval); // who holds everything holds no list to take from
    EXPECT_EQ(command(XEN_DOMCTL_destroydomain, dom), 0);
}
