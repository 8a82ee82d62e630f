// SPDX-License-Identifier: MIT
// memory_op: which operation of <xen/memory.h> goes where, and the small queries.
#include "hypercalls/memory_op.h"

#include "arch/x86_64/core_page_tables.h"
#include "arch/x86_64/direct_map.h"
#include "arch/x86_64/layout.h"
#include "arch/x86_64/memory_map.h"
#include "hypercalls/dispatch.h"
#include "hypercalls/handles.h"

namespace skerry {
namespace {

constexpr unsigned extent_shift = 6; // MEMOP_EXTENT_SHIFT: progress of a continued call, above the operation
constexpr uint32_t operation_mask = (1u << extent_shift) - 1;

// The domain of a query, which a controller may ask about, too.
Result<DomainRef> queried_domain(Caller& caller, GuestHandle<void> argument) {
    xen_memory_domain request;
    TRY_STATUS(argument.as<xen_memory_domain>().read(request));
    DomainRef domain = TRY(named_domain(caller, request.domid));
    if (&*domain != &caller.domain && !caller.domain.authority.holds(PlatformRight::inspect))
        TRY(AuthorityCheck::control(caller.domain, *domain));
    return domain;
}

HypercallResult machphys_mapping(GuestHandle<void> argument) {
    xen_machphys_mapping mapping{};
    mapping.v_start = layout::m2p_guest_view;
    mapping.v_end = layout::m2p_guest_view + (uint64_t{1} << 38);
    mapping.max_mfn = max_mfn().value;
    TRY_STATUS(argument.as<xen_machphys_mapping>().write(mapping));
    return 0;
}

// The first frame of a 2 MiB stretch of the machine-to-physical table; 0 for a gap, or what is not contiguous.
uint64_t m2p_stretch(uint64_t virt) {
    const Pte* entry = core_entry(virt, 2);
    if (!entry || !entry->is_present()) return 0;
    if (entry->is_large()) return entry->mfn().value;
    const Pte* table = to_pointer<const Pte>(entry->mfn());
    uint64_t end = layout::m2p_view + (max_mfn().value + 1) * sizeof(uint64_t); // behind it stands filling
    for (unsigned i = 1; i < page_table_entries && virt + i * page_size < end; ++i)
        if (table[i].mfn() != table[0].mfn() + i) return 0;
    return table[0].is_present() ? table[0].mfn().value : 0;
}

HypercallResult machphys_list(GuestHandle<void> argument) {
    auto handle = argument.as<xen_machphys_mfn_list>();
    xen_machphys_mfn_list request;
    TRY_STATUS(handle.read(request));
    uint64_t bytes = (max_mfn().value + 1) * sizeof(uint64_t);
    uint32_t stretches = static_cast<uint32_t>((bytes + level_size(2) - 1) / level_size(2));
    request.nr_extents = stretches < request.max_extents ? stretches : request.max_extents;
    for (uint32_t i = 0; i < request.nr_extents; ++i)
        TRY_STATUS(
            handle_of<xen_pfn_t>(request.extent_start).write(m2p_stretch(layout::m2p_view + i * level_size(2)), i));
    TRY_STATUS(handle.write(request));
    return 0;
}

// A pseudo-physical map of one domain, kept by whom built it.
HypercallResult memory_map(Caller& caller, GuestHandle<void> argument) {
    auto handle = argument.as<xen_memory_map>();
    xen_memory_map request;
    TRY_STATUS(handle.read(request));
    const MemoryMap& map = caller.domain.memory_map;
    if (map.count == 0) return Error::no_system_call;
    uint32_t entries = request.nr_entries < map.count ? request.nr_entries : map.count;
    TRY_STATUS(handle_of<MemoryMap::Entry>(request.buffer).write_array(map.entries, entries));
    request.nr_entries = entries;
    TRY_STATUS(handle.write(request));
    return 0;
}

HypercallResult set_memory_map(Caller& caller, GuestHandle<void> argument) {
    xen_foreign_memory_map request;
    TRY_STATUS(argument.as<xen_foreign_memory_map>().read(request));
    if (request.map.nr_entries > MemoryMap::max_entries) return Error::invalid;
    DomainRef domain = TRY(buildable_domain(caller, request.domid));
    MemoryMap map;
    map.count = request.map.nr_entries;
    TRY_STATUS(handle_of<MemoryMap::Entry>(request.map.buffer).read_array(map.entries, map.count));
    domain->memory_map = map;
    return 0;
}

HypercallResult machine_memory_map_of(Caller& caller, GuestHandle<void> argument) {
    TRY_STATUS(AuthorityCheck::platform(caller.domain, PlatformRight::hardware));
    auto handle = argument.as<xen_memory_map>();
    xen_memory_map request;
    TRY_STATUS(handle.read(request));
    auto out = handle_of<MemoryMap::Entry>(request.buffer);
    uint32_t written = 0;
    for (const MemoryRegion& region : machine_memory_map()) {
        if (written == request.nr_entries) return Error::invalid;
        MemoryMap::Entry entry{region.start, region.size, static_cast<uint32_t>(region.kind)};
        TRY_STATUS(copy_to_guest(out.address() + written * MemoryMap::entry_size, &entry, MemoryMap::entry_size));
        ++written;
    }
    request.nr_entries = written;
    TRY_STATUS(handle.write(request));
    return 0;
}

} // namespace

HypercallResult hypercall_memory_op(Caller& caller, uint32_t operation, GuestHandle<void> argument) {
    uint32_t start_extent = operation >> extent_shift;
    switch (operation & operation_mask) {
    case XENMEM_increase_reservation:
    case XENMEM_decrease_reservation:
    case XENMEM_populate_physmap: {
        ReservationResult result = change_reservation(caller, operation & operation_mask, argument, start_extent);
        if (result.status.ok()) return static_cast<int64_t>(result.extents_done);
        if (result.status.error() == Error::restart)
            caller.arguments.value[0] = (operation & operation_mask) | (result.extents_done << extent_shift);
        return result.status.error();
    }
    case XENMEM_exchange: return exchange_memory(caller, argument);
    case XENMEM_maximum_ram_page: return static_cast<int64_t>(max_mfn().value);
    case XENMEM_current_reservation:
        return static_cast<int64_t>(TRY(queried_domain(caller, argument))->account.frames());
    case XENMEM_maximum_reservation:
        return static_cast<int64_t>(TRY(queried_domain(caller, argument))->account.max_frames());
    case XENMEM_maximum_gpfn: {
        DomainRef domain = TRY(queried_domain(caller, argument));
        Holding held(domain->control);
        if (!domain->shared()) return Error::no_such_domain; // destroyed
        return static_cast<int64_t>(__atomic_load_n(&domain->shared()->arch.max_pfn, __ATOMIC_RELAXED)) - 1;
    }
    case XENMEM_machphys_mfn_list: return machphys_list(argument);
    case XENMEM_machphys_mapping: return machphys_mapping(argument);
    case XENMEM_memory_map: return memory_map(caller, argument);
    case XENMEM_set_memory_map: return set_memory_map(caller, argument);
    case XENMEM_machine_memory_map: return machine_memory_map_of(caller, argument);
    case XENMEM_add_to_physmap:
    case XENMEM_add_to_physmap_batch:
    case XENMEM_remove_from_physmap: return Error::access_denied; // PV domains keep their own physical-to-machine map
    default: return Error::no_system_call;
    }
}

} // namespace skerry
