// SPDX-License-Identifier: MIT
// Memory: reservations up and down, exchanges, and questions about it.
#include "sweep/sweep.h"

#include <initializer_list>

using namespace skerry::guest;

GUEST_CASE(reservations) {
    static uint64_t list[64];
    for (const unsigned command : {XENMEM_increase_reservation, XENMEM_decrease_reservation, XENMEM_populate_physmap}) {
        Row row("reservation", command);
        for (const unsigned domain :
             {0u, 77u, unsigned{DOMID_SELF}, unsigned{DOMID_IO}, unsigned{DOMID_XEN}, 0xffffu}) {
            for (const unsigned order : {0u, 1u, 9u, 10u, 18u, 19u, 64u, ~0u}) {
                for (const unsigned long count : {0UL, 1UL, 1UL << 26, ~0UL}) {
                    if (command != XENMEM_decrease_reservation && domain != 77 && count > 1 && order < 19) continue;
                    xen_memory_reservation call{};
                    list[0] = 0x10000000; // no frame of ours
                    call.extent_start.p = list;
                    call.nr_extents = count;
                    call.extent_order = order;
                    call.domid = static_cast<domid_t>(domain);
                    const unsigned long key =
                        static_cast<unsigned long>(domain) << 32 | (order & 0xff) << 8 | (count & 0xff);
                    volatile long got = 0;
                    const Trap trap = attempt([&] { got = memory_op(command, &call); });
                    row.trap(key, trap, got);
                    if (got == 1 && command != XENMEM_decrease_reservation)
                        memory_op(XENMEM_decrease_reservation, &call);
                }
            }
        }
        Row flags("reservation flags", command);
        for (unsigned bit = 0; bit < 32; bit++) {
            xen_memory_reservation call{};
            list[0] = 0x30000;
            call.extent_start.p = list;
            call.nr_extents = 1;
            call.mem_flags = 1u << bit;
            call.domid = DOMID_SELF;
            result(flags, bit, [&] { return memory_op(command, &call); });
            if (command != XENMEM_decrease_reservation && list[0] != 0x30000)
                memory_op(XENMEM_decrease_reservation, &call);
        }
        Row kinds("reservation frames", command);
        for (unsigned i = 0; i < frame_kind_count; i++) {
            if (command != XENMEM_decrease_reservation || i == 0 || i == 5 || i == shared_kind) continue;
            list[0] = frame_kinds[i].mfn;
            xen_memory_reservation call{};
            call.extent_start.p = list;
            call.nr_extents = 1;
            call.domid = DOMID_SELF;
            result(kinds, frame_kinds[i].name, [&] { return memory_op(command, &call); });
        }
    }
}
GUEST_CASE(exchanges) {
    static uint64_t in[4], out[4];
    Row row("exchange");
    for (const unsigned in_order : {0u, 1u, 9u, 10u, 64u})
        for (const unsigned out_order : {0u, 1u, 10u, 64u})
            for (const unsigned long count : {0UL, 1UL, 1UL << 26, ~0UL}) {
                xen_memory_exchange call{};
                in[0] = 0x10000000;
                call.in.extent_start.p = in;
                call.out.extent_start.p = out;
                call.in.nr_extents = call.out.nr_extents = count;
                call.in.extent_order = in_order;
                call.out.extent_order = out_order;
                call.in.domid = call.out.domid = DOMID_SELF;
                result(row, (in_order & 0xff) << 16 | (out_order & 0xff) << 8 | (count & 0xff),
                       [&] { return memory_op(XENMEM_exchange, &call); });
            }
    for (unsigned i = 0; i < frame_kind_count; i++) {
        if (i == 0 || i == 6) continue;
        xen_memory_exchange call{};
        in[0] = frame_kinds[i].mfn;
        out[0] = 0x7000;
        call.in.extent_start.p = in;
        call.out.extent_start.p = out;
        call.in.nr_extents = call.out.nr_extents = 1;
        call.in.domid = call.out.domid = DOMID_SELF;
        result(row, frame_kinds[i].name, [&] { return memory_op(XENMEM_exchange, &call); });
        row.add(".exchanged", static_cast<long>(call.nr_exchanged));
    }
    for (const unsigned domain : {0u, 77u, unsigned{DOMID_SELF}, unsigned{DOMID_IO}, 0xffffu})
        for (const unsigned other : {0u, 77u, unsigned{DOMID_SELF}}) {
            xen_memory_exchange call{};
            call.in.domid = static_cast<domid_t>(domain);
            call.out.domid = static_cast<domid_t>(other);
            call.in.extent_start.p = in;
            call.out.extent_start.p = out;
            result(row, static_cast<unsigned long>(domain) << 16 | other,
                   [&] { return memory_op(XENMEM_exchange, &call); });
        }
}
GUEST_CASE(queries_about_memory) {
    for (const unsigned command : {XENMEM_current_reservation, XENMEM_maximum_reservation, XENMEM_maximum_gpfn}) {
        Row row("memory query", command);
        for (const unsigned domain :
             {0u, 77u, unsigned{DOMID_SELF}, unsigned{DOMID_IO}, unsigned{DOMID_XEN}, unsigned{DOMID_COW}, 0xffffu}) {
            domid_t id = static_cast<domid_t>(domain);
            result(row, domain, [&] { return memory_op(command, &id); });
        }
    }
    Row row("machphys");
    static xen_pfn_t list[64];
    for (const unsigned count : {0u, 1u, 2u, 64u, ~0u}) {
        xen_machphys_mfn_list call{};
        call.max_extents = count;
        call.extent_start.p = list;
        result(row, count, [&] { return memory_op(XENMEM_machphys_mfn_list, &call); });
        row.add(".extents", call.nr_extents);
        result(row, ".compat", [&] { return memory_op(XENMEM_machphys_compat_mfn_list, &call); });
    }
    xen_machphys_mapping mapping{};
    result(row, "mapping", [&] { return memory_op(XENMEM_machphys_mapping, &mapping); });
    row.add("start", static_cast<long>(mapping.v_start))
        .add("end", static_cast<long>(mapping.v_end))
        .add(".max", static_cast<long>(mapping.max_mfn));
    Row map_row("memory_map");
    static uint8_t buffer[128 * 20];
    for (const unsigned command : {XENMEM_memory_map, XENMEM_machine_memory_map})
        for (const unsigned count : {0u, 1u, 2u, 128u, ~0u}) {
            xen_memory_map call{};
            call.nr_entries = count;
            call.buffer.p = buffer;
            result(map_row, command << 8 | (count & 0xff), [&] { return memory_op(command, &call); });
            map_row.add(".entries", call.nr_entries);
            call.nr_entries = count;
            call.buffer.p = nullptr;
            result(map_row, ".without_buffer", [&] { return memory_op(command, &call); });
            map_row.add(".entries", call.nr_entries);
        }
    // The map that the first domain sees.
    xen_memory_map call{};
    call.nr_entries = 128;
    call.buffer.p = buffer;
    if (memory_op(XENMEM_machine_memory_map, &call) == 0)
        for (unsigned i = 0; i < call.nr_entries; i++) {
            uint64_t start, size;
            uint32_t kind;
            memcpy(&start, buffer + i * 20, 8);
            memcpy(&size, buffer + i * 20 + 8, 8);
            memcpy(&kind, buffer + i * 20 + 16, 4);
            Row("machine map entry", start).add("size", static_cast<long>(size)).add("kind", kind);
        }
    Row set_row("set_memory_map");
    for (const unsigned domain : {0u, 77u, unsigned{DOMID_SELF}, 0xffffu})
        for (const unsigned count : {0u, 1u, 128u, 129u, ~0u}) {
            if (count != ~0u && count != 129 && domain != 77) continue;
            xen_foreign_memory_map set{};
            set.domid = static_cast<domid_t>(domain);
            set.map.nr_entries = count;
            set.map.buffer.p = buffer;
            result(set_row, static_cast<unsigned long>(domain) << 8 | (count & 0xff),
                   [&] { return memory_op(XENMEM_set_memory_map, &set); });
        }
}
