// SPDX-License-Identifier: MIT
// Who may do what to whom: each control operation of operations.h, tried by domains that hold one right each, on a target of
// their own, and as each kind of domain of the platform, on a sealed one too; what a service reaches by grants; and how rights are passed on, given up and listed. Not on Xen, which has its own idea of all this.
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
constexpr unsigned platform_right_kinds = 7, right_kinds = 9;

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
long limit_memory(unsigned dom) {
    call = {};
    call.cmd = XEN_DOMCTL_max_mem;
    call.domain = static_cast<domid_t>(dom);
    call.u.max_mem.max_memkb = 64;
    return domctl(call);
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
    return dom != 0 && limit_memory(dom) == 0 ? dom : 0;
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
    if (number == XEN_DOMCTL_max_mem) return limit_memory(target);
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
long try_physdev_op(unsigned number, unsigned) {
    physdev_apic nowhere{};
    return hypercall(__HYPERVISOR_physdev_op, number, &nowhere);
}
// Those whose answer is how many extents were done; a refusal is none. What was populated is what is taken away again.
long change_reservation(unsigned number, unsigned target) {
    static xen_pfn_t frame;
    if (number == XENMEM_populate_physmap) frame = 0;
    xen_memory_reservation request{};
    set_xen_guest_handle(request.extent_start, &frame);
    request.nr_extents = 1;
    request.domid = static_cast<domid_t>(target);
    const long done = memory_op(number, &request);
    return done == 0 ? long{eperm} : done;
}
long try_memory_op(unsigned number, unsigned target) {
    const auto domain = static_cast<domid_t>(target);
    xen_memory_domain figure{domain};
    xen_memory_map map{};
    xen_foreign_memory_map foreign_map{};
    foreign_map.domid = domain;
    xen_pfn_t no_frame = ~xen_pfn_t{0};
    xen_memory_exchange exchange{};
    set_xen_guest_handle(exchange.in.extent_start, &no_frame);
    exchange.in.nr_extents = 1;
    exchange.in.domid = domain;
    exchange.out = exchange.in;
    switch (number) {
    case XENMEM_machine_memory_map: return memory_op(number, &map);
    case XENMEM_set_memory_map: return memory_op(number, &foreign_map);
    case XENMEM_exchange: return memory_op(number, &exchange);
    case XENMEM_current_reservation:
    case XENMEM_maximum_reservation:
    case XENMEM_maximum_gpfn: return memory_op(number, &figure);
    default: return change_reservation(number, target);
    }
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
    evtchn_status status{};
    status.dom = static_cast<domid_t>(target);
    void* argument = &unbound;
    if (number == EVTCHNOP_reset) argument = &reset;
    if (number == EVTCHNOP_status) argument = &status;
    return hypercall(__HYPERVISOR_event_channel_op, number, argument);
}
template <typename Request> long try_on_table(unsigned number, unsigned target) {
    Request request{};
    request.dom = static_cast<domid_t>(target);
    return hypercall(__HYPERVISOR_grant_table_op, number, &request, 1);
}
template <typename Request> long try_on_table_with_status(unsigned number, unsigned target) {
    Request request{};
    request.dom = static_cast<domid_t>(target);
    const long result = hypercall(__HYPERVISOR_grant_table_op, number, &request, 1);
    return result == 0 && request.status == GNTST_permission_denied ? eperm : result;
}
long try_grant_table_op(unsigned number, unsigned target) {
    switch (number) {
    case GNTTABOP_setup_table: return try_on_table_with_status<gnttab_setup_table>(number, target);
    case GNTTABOP_get_status_frames: return try_on_table_with_status<gnttab_get_status_frames>(number, target);
    case GNTTABOP_query_size: return try_on_table_with_status<gnttab_query_size>(number, target);
    default: return try_on_table<gnttab_get_version>(number, target);
    }
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

long perform(const Operation& operation, unsigned target) { return operation.perform(operation.number, target); }

// A peer tries all on the target in word 1, and tells what it got from word 8 on.
void try_all() {
    for (unsigned i = 0; i < operation_count; ++i)
        mailbox.word[8 + i] = static_cast<uint64_t>(perform(operations[i], static_cast<unsigned>(mailbox.word[1])));
    mailbox.word[0] = operation_count;
    shutdown(SHUTDOWN_poweroff);
}

void expect_by_table(const char* who, const Operation& operation, unsigned rights, long answer) {
    if (!EXPECT_EQ(answer == eperm, (operation.rights & rights) == 0))
        print("    %s, rights %x, %s: %ld\n", who, rights, operation.name, answer);
}

// All operations on `target`, tried by a peer with these rights of operations.h.
void try_as(const char* who, unsigned rights, unsigned target, bool sealed) {
    peer = {};
    REQUIRE_EQ(peer.create(try_all), 0);
    for (unsigned right = 0; right < right_kinds; ++right) {
        if (!(rights >> right & 1)) continue;
        const bool over = right >= platform_right_kinds;
        REQUIRE_EQ(give(peer.dom, over ? over_domain : of_platform, over ? right - platform_right_kinds : right, given,
                        target),
                   0);
    }
    peer.mail[1] = target;
    peer.unpause();
    REQUIRE(peer.wait_shutdown(SHUTDOWN_poweroff));
    REQUIRE_EQ(peer.mail[0], operation_count);
    for (unsigned i = 0; i < operation_count; ++i)
        expect_by_table(who, operations[i], sealed ? rights & ~map_memory : rights,
                        static_cast<long>(peer.mail[8 + i]));
    EXPECT_EQ(peer.destroy(), 0);
    command(XEN_DOMCTL_destroydomain, target); // who held `control` has done so
}

// The first domain has everything from the start: it tries all by itself.
void try_as_founder(unsigned target, bool sealed) {
    for (const Operation& operation : operations)
        expect_by_table("founder", operation, sealed ? everything & ~map_memory : everything,
                        perform(operation, target));
}

struct PlatformDomain {
    const char* name;
    unsigned over_platform, over_unsealed, over_sealed;
};
constexpr PlatformDomain platform_domains[] = {
#define ROW(name, over_platform, over_unsealed, over_sealed) {#name, over_platform, over_unsealed, over_sealed},
    PLATFORM_DOMAINS(ROW)
#undef ROW
};

unsigned target_domain(bool sealed) {
    const unsigned dom = bare_domain();
    return dom == 0 || (sealed && command(seal, dom) != 0) ? 0 : dom;
}

// A peer, as a service, maps what the first entries of this domain's grant table lend, and says how that went.
constexpr unsigned entries_tried = 10;
void map_what_is_lent() {
    for (unsigned reference = 0; reference < entries_tried; ++reference)
        mailbox.word[8 + reference] =
            static_cast<uint64_t>(static_cast<int64_t>(map_grant(0, reference, alloc_page()).status));
    mailbox.word[0] = entries_tried;
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
        const unsigned target = target_domain(false);
        REQUIRE(target != 0);
        try_as("one right", held < right_kinds ? 1u << held : 0, target, false);
    }
}

GUEST_CASE(each_kind_of_domain_may_do_what_the_table_says) {
    for (const PlatformDomain& kind : platform_domains)
        for (const bool sealed : {false, true}) {
            const unsigned target = target_domain(sealed);
            REQUIRE(target != 0);
            if (kind.over_platform == everything)
                try_as_founder(target, sealed);
            else
                try_as(kind.name, kind.over_platform | (sealed ? kind.over_sealed : kind.over_unsealed), target,
                       sealed);
        }
}

// Not even who kept its rights over it.
GUEST_CASE(nobody_reaches_the_memory_of_what_is_sealed) {
    const unsigned target = target_domain(true);
    REQUIRE(target != 0);
    try_as("builder that did not hand over", create_domains | inspect | control | map_memory, target, true);
}

// The console and xenstore: a page of each guest's by its reserved entry, and nothing else of it.
GUEST_CASE(a_service_reaches_the_page_that_it_was_lent) {
    REQUIRE(grant_table() != nullptr);
    for (const unsigned reserved : {GNTTAB_RESERVED_CONSOLE, GNTTAB_RESERVED_XENSTORE}) {
        peer = {};
        REQUIRE_EQ(peer.create(map_what_is_lent), 0);
        const unsigned other = bare_domain();
        REQUIRE(other != 0);
        for (const unsigned reference : {0u, 1u, 5u, 8u})
            offer(reference, reference == reserved ? peer.dom : other, machine_of(alloc_page()) >> 12);
        peer.unpause();
        REQUIRE(peer.wait_shutdown(SHUTDOWN_poweroff));
        REQUIRE_EQ(peer.mail[0], entries_tried);
        for (unsigned reference = 0; reference < entries_tried; ++reference)
            if (!EXPECT_EQ(static_cast<int64_t>(peer.mail[8 + reference]) == GNTST_okay, reference == reserved))
                print("    entry %u, of service %u\n", reference, reserved);
        EXPECT_EQ(peer.destroy(), 0);
        EXPECT_EQ(command(XEN_DOMCTL_destroydomain, other), 0);
        for (const unsigned reference : {0u, 1u, 5u, 8u}) EXPECT(withdraw(reference));
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
    EXPECT(wait_for([&] { return rights_of(target).holder_count == 1; }));
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
