// SPDX-License-Identifier: MIT
// Event channels, grants, vCPUs, timers: each operation with each kind of port, domain, vCPU and number.
#include "sweep/sweep.h"

#include <initializer_list>

using namespace skerry::guest;

namespace {

constexpr unsigned some_domains[] = {0,          1,     77, DOMID_SELF, DOMID_IO, DOMID_XEN, DOMID_COW, DOMID_INVALID,
                                     DOMID_IDLE, 0xffff};

// Ports in every state.
struct PortKind {
    const char* name;
    unsigned port;
};
PortKind port_kinds[12];
unsigned port_kind_count;

void collect_ports() {
    evtchn_reset reset{DOMID_SELF};
    event_op(EVTCHNOP_reset, &reset);
    port_kind_count = 0;
    const auto add = [](const char* name, long port) {
        port_kinds[port_kind_count++] = {name, static_cast<unsigned>(port)};
    };
    unsigned loop[2];
    bind_loop(loop);
    add("null", 0);
    add("near", loop[0]);
    add("far", loop[1]);
    add("unbound", alloc_unbound(DOMID_SELF, DOMID_SELF));
    add("for_another", alloc_unbound(DOMID_SELF, 77));
    add("ipi", bind_ipi(0));
    add("timer", bind_virq(VIRQ_TIMER, 0));
    add("debug", bind_virq(VIRQ_DEBUG, 1));
    add("unused", 40);
    add("last", 4095);
    add("beyond", 4096);
    add(".wild", -1);
}
void describe(Row& row, unsigned port, unsigned domain = DOMID_SELF) {
    evtchn_status call{};
    call.dom = static_cast<domid_t>(domain);
    call.port = port;
    result(row, ".status", [&] { return event_op(EVTCHNOP_status, &call); });
    row.add(".is", call.status).add(".vcpu", call.vcpu);
    if (call.status == EVTCHNSTAT_interdomain)
        row.add(".peer", call.u.interdomain.dom).add(".peer_port", call.u.interdomain.port);
    if (call.status == EVTCHNSTAT_unbound) row.add(".for", call.u.unbound.dom);
    if (call.status == EVTCHNSTAT_virq) row.add("virq", call.u.virq);
}

} // namespace

GUEST_CASE(ports_of_every_kind) {
    collect_ports();
    for (unsigned i = 0; i < port_kind_count; i++) {
        Row row(port_kinds[i].name);
        if (i != port_kind_count - 1) row.add("port", port_kinds[i].port);
        describe(row, port_kinds[i].port);
    }
    for (unsigned command = 0; command < 6; command++) {
        static const char* const names[] = {"send",        "unmask",      "bind_vcpu 0",
                                            "bind_vcpu 1", "bind_vcpu 9", "set_priority"};
        Row row(names[command]);
        for (unsigned i = 0; i < port_kind_count; i++) {
            evtchn_bind_vcpu call{port_kinds[i].port, command == 3 ? 1u : command == 4 ? 9u : 0u};
            result(row, port_kinds[i].name, [&] {
                return event_op(command == 0   ? EVTCHNOP_send
                                : command == 1 ? EVTCHNOP_unmask
                                : command == 5 ? EVTCHNOP_set_priority
                                               : EVTCHNOP_bind_vcpu,
                                &call);
            });
        }
    }
    Row close_row("close");
    for (unsigned i = 0; i < port_kind_count; i++) {
        result(close_row, port_kinds[i].name, [&] { return close_port(port_kinds[i].port); });
        result(close_row, ".again", [&] { return close_port(port_kinds[i].port); });
    }
    collect_ports();
}
GUEST_CASE(binding) {
    collect_ports();
    Row row("alloc_unbound");
    for (const unsigned domain : some_domains)
        for (const unsigned remote : some_domains) {
            evtchn_alloc_unbound call{static_cast<domid_t>(domain), static_cast<domid_t>(remote), 0};
            result(row, static_cast<unsigned long>(domain) << 16 | remote,
                   [&] { return event_op(EVTCHNOP_alloc_unbound, &call); });
            if (call.port != 0) close_port(call.port);
        }
    Row join("bind_interdomain");
    for (const unsigned remote : some_domains)
        for (unsigned i = 0; i < port_kind_count; i++) {
            const long port = bind_interdomain(remote, port_kinds[i].port);
            if (remote != 0 && remote != DOMID_SELF && i > 5) continue;
            join.add(static_cast<unsigned long>(remote) << 16 | i, port);
            if (port > 0) {
                close_port(static_cast<unsigned>(port));
                collect_ports();
            }
        }
    for (const unsigned vcpu : {0u, 1u, 2u, ~0u}) {
        Row virqs("bind_virq", vcpu);
        for (unsigned virq = 0; virq < 26; virq++) {
            if (virq == VIRQ_CONSOLE) continue; // it would take the input
            const long port = bind_virq(virq, vcpu);
            virqs.add(virq, port);
            if (port > 0) close_port(static_cast<unsigned>(port));
        }
        virqs.add(".wild", bind_virq(~0u, vcpu));
        virqs.add("ipi", bind_ipi(vcpu));
    }
    Row lines("bind_pirq");
    for (const unsigned flags : {0u, 1u, 2u, ~0u})
        for (const unsigned line : {0u, 1u, 2u, 5u, 9u, 15u, 16u, 23u, 24u, 47u, 48u, 255u, 1023u, ~0u}) {
            evtchn_bind_pirq call{line, flags, 0};
            result(lines, flags << 16 | line, [&] { return event_op(EVTCHNOP_bind_pirq, &call); });
        }
    Row states("status of domain");
    for (const unsigned domain : some_domains) {
        evtchn_status call{};
        call.dom = static_cast<domid_t>(domain);
        call.port = 1;
        result(states, domain, [&] { return event_op(EVTCHNOP_status, &call); });
    }
    Row resets("reset of domain");
    for (const unsigned domain : some_domains) {
        evtchn_reset call{static_cast<domid_t>(domain)};
        result(resets, domain, [&] { return event_op(EVTCHNOP_reset, &call); });
    }
}
GUEST_CASE(interrupt_lines) {
    const auto op = [](unsigned command, void* argument) {
        return hypercall(__HYPERVISOR_physdev_op, command, argument);
    };
    Row row("setup_gsi");
    for (const int line : {0, 1, 2, 5, 9, 10, 15, 16, 23, 24, 48, 255, -1})
        for (const uint8_t kind : {0, 1, 2}) {
            if (line == 2 || line == 0) continue;
            physdev_setup_gsi call{line, kind, static_cast<uint8_t>(line == 9 ? 0 : kind)};
            result(row, static_cast<unsigned long>(kind) << 32 | static_cast<unsigned>(line),
                   [&] { return op(PHYSDEVOP_setup_gsi, &call); });
        }
    Row maps("map_pirq");
    for (const int type : {0, 1, 2, 3, 4, 9})
        for (const int index : {-1, 0, 2, 3, 10, 11, 16, 23, 24, 255, 4096})
            for (const int wish : {-1, index, 60, 5000}) {
                if (type != 1 && (wish > 0 || index > 10)) continue;
                physdev_map_pirq call{};
                call.domid = DOMID_SELF;
                call.type = type;
                call.index = index;
                call.pirq = wish;
                volatile long got = op(PHYSDEVOP_map_pirq, &call);
                maps.add(static_cast<unsigned long>(type) << 32 | static_cast<unsigned long>(index & 0xffff) << 16 |
                             (wish & 0xffff),
                         got);
                if (got == 0) {
                    maps.add(".pirq", call.pirq);
                    evtchn_bind_pirq bind{static_cast<uint32_t>(call.pirq), 1, 0};
                    result(maps, ".bind", [&] { return event_op(EVTCHNOP_bind_pirq, &bind); });
                    result(maps, ".twice", [&] { return op(PHYSDEVOP_map_pirq, &call); });
                    physdev_unmap_pirq undo{};
                    undo.domid = DOMID_SELF;
                    undo.pirq = call.pirq;
                    result(maps, ".unmap_bound", [&] { return op(PHYSDEVOP_unmap_pirq, &undo); });
                    if (bind.port != 0) close_port(bind.port);
                    result(maps, ".unmap", [&] { return op(PHYSDEVOP_unmap_pirq, &undo); });
                    result(maps, ".again", [&] { return op(PHYSDEVOP_unmap_pirq, &undo); });
                }
            }
    for (const unsigned domain : some_domains) {
        physdev_map_pirq call{};
        call.domid = static_cast<domid_t>(domain);
        call.type = MAP_PIRQ_TYPE_GSI;
        call.index = call.pirq = 12;
        result(maps, 0xd0000UL + domain, [&] { return op(PHYSDEVOP_map_pirq, &call); });
        physdev_unmap_pirq undo{};
        undo.domid = static_cast<domid_t>(domain);
        undo.pirq = 12;
        result(maps, ".unmap", [&] { return op(PHYSDEVOP_unmap_pirq, &undo); });
    }
    Row states("irq_status_query");
    for (const unsigned line : {0u, 1u, 2u, 5u, 9u, 15u, 16u, 23u, 24u, 47u, 48u, 60u, 255u, 1023u, 5000u, ~0u}) {
        physdev_irq_status_query call{line, 0};
        result(states, line, [&] { return op(PHYSDEVOP_irq_status_query, &call); });
        states.add(".flags", call.flags);
        physdev_eoi end{line};
        result(states, ".eoi", [&] { return op(PHYSDEVOP_eoi, &end); });
    }
    Row vectors("alloc_irq_vector");
    for (const unsigned line : {0u, 1u, 2u, 15u, 16u, 23u, 24u, 255u, ~0u}) {
        physdev_irq call{line, 0};
        result(vectors, line, [&] { return op(PHYSDEVOP_alloc_irq_vector, &call); });
        vectors.add(".vector", call.vector);
        result(vectors, ".free", [&] { return op(PHYSDEVOP_free_irq_vector, &call); });
    }
    Row apic("apic");
    for (const unsigned reg : {0u, 1u, 2u, 3u, 0x10u, 0x11u, 0x12u, 0x3fu, 0x40u, 0xffu, ~0u}) {
        physdev_apic call{0xfec00000, reg, 0};
        result(apic, reg, [&] { return op(PHYSDEVOP_apic_read, &call); });
        apic.add(".value", reg == 0 || reg == 1 ? call.value : 0);
    }
    Row free("get_free_pirq");
    for (const int type : {0, 1, 2}) {
        physdev_get_free_pirq call{type, 0};
        result(free, static_cast<unsigned>(type), [&] { return op(PHYSDEVOP_get_free_pirq, &call); });
    }
    static uint8_t* page = static_cast<uint8_t*>(alloc_page());
    for (const unsigned command : {PHYSDEVOP_pirq_eoi_gmfn_v1, PHYSDEVOP_pirq_eoi_gmfn_v2}) {
        Row eoi("pirq_eoi_gmfn", command);
        physdev_pirq_eoi_gmfn call{mfn_of(page)};
        result(eoi, "first", [&] { return op(command, &call); });
        result(eoi, ".again", [&] { return op(command, &call); });
        call.gmfn = 0x10000000;
        result(eoi, "beyond", [&] { return op(command, &call); });
    }
}
GUEST_CASE(grant_states) {
    Row row("grant domain");
    for (const unsigned domain : some_domains) {
        static xen_pfn_t frames[8];
        gnttab_setup_table setup{};
        setup.dom = static_cast<domid_t>(domain);
        setup.nr_frames = 1;
        setup.frame_list.p = frames;
        result(row, domain, [&] { return grant_op(GNTTABOP_setup_table, &setup, 1); });
        row.add(".setup", setup.status);
        gnttab_query_size size{};
        size.dom = static_cast<domid_t>(domain);
        result(row, ".query", [&] { return grant_op(GNTTABOP_query_size, &size, 1); });
        row.add(".status", size.status).add(".frames", size.nr_frames).add(".max", size.max_nr_frames);
        gnttab_get_version version{};
        version.dom = static_cast<domid_t>(domain);
        result(row, ".version", [&] { return grant_op(GNTTABOP_get_version, &version, 1); });
        row.add(".is", version.version);
    }
    Row sizes("setup_table");
    for (const unsigned count : {0u, 1u, 4u, 32u, 64u, 65u, ~0u}) {
        static xen_pfn_t frames[128];
        gnttab_setup_table setup{};
        setup.dom = DOMID_SELF;
        setup.nr_frames = count;
        setup.frame_list.p = frames;
        result(sizes, count, [&] { return grant_op(GNTTABOP_setup_table, &setup, 1); });
        sizes.add(".status", setup.status);
    }
    REQUIRE(grant_table() != nullptr);
    auto* page = alloc_page();
    offer(9, 0, mfn_of(page));
    offer(10, 77, mfn_of(page));
    offer(11, 0, mfn_of(page), GTF_readonly);
    offer(12, 0, 0x10000000);
    offer(13, 0, mfn_of(top_table()));
    offer(14, 0, boot_info.shared_info >> 12);
    grant_table()[15].flags = GTF_accept_transfer;
    Row maps("map_grant");
    for (const unsigned reference : {0u, 8u, 9u, 10u, 11u, 12u, 13u, 14u, 15u, 500u, 100000u, ~0u}) {
        for (const unsigned flags :
             {0u, 1u, 2u, 3u, 4u, 6u, 7u, 8u, 0x10u, 0x12u, 0x22u, 0x32u, 0x42u, 0x80u, 0x10000u | 2, ~0u}) {
            const Mapping mapping = map_grant(
                0, reference,
                flags & GNTMAP_contains_pte ? reinterpret_cast<void*>(machine_of(l1_entry(window(60)))) : window(60),
                flags);
            maps.add(static_cast<unsigned long>(reference) << 16 | (flags & 0xff), mapping.status);
            if (mapping.status == 0) maps.add(".unmap", unmap_grant(mapping));
        }
    }
    Row where("map_grant at");
    window_map(60, entry(mfn_of(page), page_flags));
    for (const Place& place : places)
        where.add(place.name, map_grant(0, 9, reinterpret_cast<void*>(place.address)).status);
    const Mapping over = map_grant(0, 9, window(60));
    where.add("over_another", over.status);
    if (over.status == 0) where.add(".unmap", unmap_grant(over));
    where.add("misaligned", map_grant(0, 9, static_cast<char*>(window(60)) + 8).status);
    for (const unsigned domain : some_domains) where.add(domain, map_grant(domain, 9, window(61)).status);
    for (const unsigned handle : {0u, 1u, 1000u, ~0u}) {
        gnttab_unmap_grant_ref call{reinterpret_cast<uint64_t>(window(61)), 0, handle, 1};
        where.add("unmap_call", grant_op(GNTTABOP_unmap_grant_ref, &call, 1)).add(".status", call.status);
        gnttab_unmap_and_replace replace{reinterpret_cast<uint64_t>(window(61)), reinterpret_cast<uint64_t>(window(62)),
                                         handle, 1};
        where.add(".replace_call", grant_op(GNTTABOP_unmap_and_replace, &replace, 1)).add(".status", replace.status);
    }
    Row copies("grant copy");
    for (const unsigned flags : {0u, 1u, 2u, 3u, 4u, 0xffffu})
        for (const unsigned reference : {8u, 9u, 10u, 11u, 12u, 13u, 15u, 100000u})
            for (const unsigned length : {0u, 1u, 4096u, 4097u}) {
                gnttab_copy call{};
                call.flags = static_cast<uint16_t>(flags);
                if (flags & 1)
                    call.source.u.ref = reference;
                else
                    call.source.u.gmfn = mfn_of(page);
                if (flags & 2)
                    call.dest.u.ref = reference;
                else
                    call.dest.u.gmfn = mfn_of(zeros);
                call.source.domid = flags & 1 ? 0 : static_cast<domid_t>(DOMID_SELF);
                call.dest.domid = flags & 2 ? 0 : static_cast<domid_t>(DOMID_SELF);
                call.len = static_cast<uint16_t>(length);
                const long got = grant_op(GNTTABOP_copy, &call, 1);
                copies.add(static_cast<unsigned long>(flags & 15) << 40 | static_cast<unsigned long>(reference) << 16 |
                               length,
                           got * 1000 + call.status);
            }
    Row edges("grant copy edge");
    for (const unsigned offset : {0u, 1u, 4095u, 4096u, 0xffffu})
        for (const unsigned length : {0u, 1u, 4095u, 4096u, 0xffffu})
            edges.add(offset << 16 | length, copy_page(0, 9, zeros, length, offset))
                .add(".to", copy_page(0, 9, zeros, length, 0, offset));
    for (const unsigned domain : some_domains) edges.add(domain, copy_page(domain, 9, zeros));
    for (const Mfn frame :
         {Mfn{0}, Mfn{0xa0}, Mfn{0x10000000}, mfn_of(top_table()), boot_info.shared_info >> 12, ~Mfn{0}}) {
        gnttab_copy call{};
        call.flags = GNTCOPY_source_gref;
        call.source.u.ref = 9;
        call.dest.u.gmfn = frame;
        call.dest.domid = DOMID_SELF;
        call.len = 8;
        edges.add("to_frame", grant_op(GNTTABOP_copy, &call, 1)).add(".status", call.status);
    }
    Row others("grant swap");
    for (const unsigned a : {0u, 9u, 100u, 100000u})
        for (const unsigned b : {0u, 9u, 200u, 100000u}) {
            gnttab_swap_grant_ref call{a, b, 99};
            others.add(static_cast<unsigned long>(a) << 20 | b, grant_op(GNTTABOP_swap_grant_ref, &call, 1))
                .add(".status", call.status);
        }
    Row flush("grant cache flush");
    for (const unsigned op : {0u, 1u, 2u, 3u, 4u, 0x80000001u, ~0u})
        for (const unsigned length : {0u, 1u, 4096u, 4097u}) {
            gnttab_cache_flush call{};
            call.a.dev_bus_addr = machine_of(page);
            call.length = static_cast<uint16_t>(length);
            call.op = op;
            flush.add(static_cast<unsigned long>(op & 0xff) << 16 | length, grant_op(GNTTABOP_cache_flush, &call, 1));
        }
    Row transfer("grant transfer");
    for (const unsigned domain : some_domains) {
        gnttab_transfer call{mfn_of(page), static_cast<domid_t>(domain), 15, 99};
        transfer.add(domain, grant_op(GNTTABOP_transfer, &call, 1)).add(".status", call.status);
    }
    gnttab_transfer call{0x10000000, 0, 15, 99};
    transfer.add("beyond", grant_op(GNTTABOP_transfer, &call, 1)).add(".status", call.status);
    Row versions("grant version");
    for (const unsigned version : {0u, 1u, 2u, 3u, ~0u, 1u}) {
        gnttab_set_version set{version};
        versions.add(version, grant_op(GNTTABOP_set_version, &set, 1)).add(".now", set.version);
        gnttab_get_status_frames status{};
        static uint64_t list[64];
        for (const unsigned count : {0u, 1u, 64u, ~0u}) {
            status.dom = DOMID_SELF;
            status.nr_frames = count;
            status.frame_list.p = list;
            versions.add(".status_frames", grant_op(GNTTABOP_get_status_frames, &status, 1)).add(".is", status.status);
        }
    }
    for (unsigned reference = 8; reference < 16; reference++) grant_table()[reference].flags = 0;
    window_unmap(60);
}
GUEST_CASE(vcpu_operations) {
    Row row("vcpu timer");
    for (const uint64_t period : {0UL, 1UL, 999999UL, 1000000UL, 1UL << 40, 1UL << 50, 1UL << 60, ~0UL}) {
        vcpu_set_periodic_timer periodic{period};
        result(row, period, [&] { return vcpu_op(VCPUOP_set_periodic_timer, 0, &periodic); });
        result(row, ".other", [&] { return vcpu_op(VCPUOP_set_periodic_timer, 1, &periodic); });
        vcpu_op(VCPUOP_stop_periodic_timer, 0, nullptr);
        vcpu_op(VCPUOP_stop_periodic_timer, 1, nullptr);
        for (const unsigned flags : {0u, 1u, 2u, ~0u}) {
            vcpu_set_singleshot_timer single{period, flags};
            result(row, flags, [&] { return vcpu_op(VCPUOP_set_singleshot_timer, 0, &single); });
            result(row, ".other", [&] { return vcpu_op(VCPUOP_set_singleshot_timer, 1, &single); });
        }
        vcpu_op(VCPUOP_stop_singleshot_timer, 0, nullptr);
        result(row, "set_timer_op", [&] { return hypercall(__HYPERVISOR_set_timer_op, period); });
    }
    hypercall(__HYPERVISOR_set_timer_op, 0);
    Row runstate("runstate");
    vcpu_runstate_info_t state{};
    for (const unsigned vcpu : {0u, 1u}) {
        result(runstate, vcpu, [&] { return vcpu_op(VCPUOP_get_runstate_info, vcpu, &state); });
        runstate.add(".state", state.state);
        result(runstate, ".up", [=] { return vcpu_op(VCPUOP_is_up, vcpu, nullptr); });
    }
    // An area at an address that is not there is taken all the same, if it is a guest's.
    for (const unsigned command : {VCPUOP_register_runstate_memory_area, VCPUOP_register_vcpu_time_memory_area}) {
        Row area("area", command);
        for (const Place& place : places) {
            vcpu_register_runstate_memory_area call{};
            call.addr.p = place.address;
            result(area, place.name, [&] { return vcpu_op(command, 0, &call); });
        }
        vcpu_register_runstate_memory_area none{};
        result(area, "none", [&] { return vcpu_op(command, 0, &none); });
    }
    Row info("register_vcpu_info");
    auto* page = alloc_page();
    for (const unsigned offset : {~0u, 4096u, 4033u, 4096u - 63u, 65u, 1u})
        for (const Mfn frame : {mfn_of(page), Mfn{0x10000000}, mfn_of(top_table())}) {
            vcpu_register_vcpu_info call{frame, offset, 0};
            result(info, offset, [&] { return vcpu_op(VCPUOP_register_vcpu_info, 1, &call); });
        }
    vcpu_register_vcpu_info good{mfn_of(page), 64, 0};
    result(info, "good", [&] { return vcpu_op(VCPUOP_register_vcpu_info, 1, &good); });
    result(info, ".again", [&] { return vcpu_op(VCPUOP_register_vcpu_info, 1, &good); });
    result(info, "up_uninitialised", [] { return vcpu_op(VCPUOP_up, 1, nullptr); });
    result(info, "down", [] { return vcpu_op(VCPUOP_down, 1, nullptr); });
    // Contexts that are refused.
    static vcpu_guest_context context;
    Row contexts("initialise");
    const auto with = [&](const char* name, auto change) {
        fill_context(context, nullptr);
        change();
        result(contexts, name, [] { return vcpu_op(VCPUOP_initialise, 1, &context); });
    };
    with("bad_rip", [] { context.user_regs.rip = 0x1000000000000000; });
    with("bad_base", [] { context.ctrlreg[3] = 0x1000; });
    with("far_base", [] { context.ctrlreg[3] = 0xffffffff000; });
    with("bad_event_callback", [] { context.event_callback_eip = 0x1000000000000000; });
    with("bad_failsafe", [] { context.failsafe_callback_eip = 0x1000000000000000; });
    with("bad_syscall", [] { context.syscall_callback_eip = 0x1000000000000000; });
    with("bad_trap", [] { context.trap_ctxt[6].address = 0x1000000000000000; });
    with("bad_gdt", [] {
        context.gdt_ents = 1;
        context.gdt_frames[0] = 0x10000000;
    });
    with("big_gdt", [] { context.gdt_ents = 7169; });
    with("bad_ldt", [] {
        context.ldt_ents = 8193;
        context.ldt_base = 0x1000;
    });
    with("ldt_base", [] {
        context.ldt_ents = 1;
        context.ldt_base = 0x1000000000000000;
    });
    with("bad_fs", [] { context.fs_base = 0x1000000000000000; });
    with("core_fs", [] { context.fs_base = 0xffff830000000000; });
    with("user_base", [] { context.ctrlreg[1] = 0x1000; });
    with("bad_stack", [] { context.kernel_sp = 0x1000000000000000; });
}
GUEST_CASE(watchdogs_and_polls) {
    Row row("watchdog");
    for (const unsigned id : {0u, 1u, 2u, 3u, ~0u})
        for (const unsigned timeout : {0u, 1000u, ~0u}) {
            if (id == 0 && timeout == 0) continue; // on Xen, one that has run out
            sched_watchdog call{id, timeout};
            result(row, static_cast<unsigned long>(id) << 32 | timeout,
                   [&] { return sched_op(SCHEDOP_watchdog, &call); });
        }
    for (unsigned id = 1; id < 4; id++) {
        sched_watchdog call{id, 0};
        result(row, "off", [&] { return sched_op(SCHEDOP_watchdog, &call); });
    }
    collect_ports();
    Row polls("poll");
    static evtchn_port_t ports[200];
    for (const unsigned count : {0u, 1u, 2u, 128u, 129u, ~0u})
        for (unsigned i = 0; i < port_kind_count; i++) {
            if (count == 0 && i > 0) continue;
            for (evtchn_port_t& port : ports) port = port_kinds[i].port;
            sched_poll call{};
            call.ports.p = ports;
            call.nr_ports = count;
            call.timeout = 1;
            result(polls, count << 8 | i, [&] { return sched_op(SCHEDOP_poll, &call); });
        }
    Row taskswitch("fpu_taskswitch");
    for (const unsigned set : {1u, 2u, ~0u, 0u}) {
        result(taskswitch, set, [=] { return hypercall(__HYPERVISOR_fpu_taskswitch, set); });
        taskswitch.trap("fninit", attempt([] { asm volatile("fninit"); }));
    }
    Row compat("sched_op_compat");
    for (const unsigned command : {0u, 3u, 4u, 5u, 6u, 7u, 9u, ~0u})
        result(compat, command, [=] { return hypercall(__HYPERVISOR_sched_op_compat, command, 0); });
    Row multi("multicall");
    multicall_entry_t calls[3] = {};
    for (const unsigned number : {17u, 11u, 13u, 43u, 63u, 64u, ~0u}) {
        calls[0] = {};
        calls[0].op = number;
        result(multi, number, [&] { return hypercall(__HYPERVISOR_multicall, calls, 1); });
        multi.add(".answer", static_cast<long>(calls[0].result));
    }
    for (const unsigned count : {0u, 1u, ~0u, 0x80000000u}) {
        calls[0] = {};
        calls[0].op = __HYPERVISOR_xen_version;
        if (count <= 1) result(multi, count + 100, [&] { return hypercall(__HYPERVISOR_multicall, calls, count); });
    }
    Row at("multicall at");
    at_every_place(at, [](uint64_t where) { return hypercall(__HYPERVISOR_multicall, where, 1); });
}
