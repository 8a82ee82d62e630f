// SPDX-License-Identifier: MIT
// memory_op: which operation of <xen/memory.h> goes where, and the small queries.
#include "hypercalls/memory_op.h"

#include "arch/x86_64/core_page_tables.h"
#include "arch/x86_64/direct_map.h"
#include "arch/x86_64/layout.h"
#include "arch/x86_64/memory_map.h"
#include "hypercalls/dispatch.h"
#include "memory/m2p.h"

#include <algorithm>

namespace skerry {
namespace {

// XENMEM_current_reservation, maximum_reservation, maximum_gpfn; a controller may ask, too.
HypercallResult domain_figure(Caller& caller, uint32_t command, const xen_memory_domain& request) {
    DomainRef domain = TRY(named_domain(caller, request.domid));
    if (&*domain != &caller.domain && !caller.domain.authority.holds(PlatformRight::inspect))
        TRY(AuthorityCheck::control(caller.domain, *domain));
    if (command == XENMEM_current_reservation) return static_cast<int64_t>(domain->account.frames());
    if (command == XENMEM_maximum_reservation) return static_cast<int64_t>(domain->account.max_frames());
    Holding held(domain->control);
    if (!domain->shared()) return Error::no_such_domain; // destroyed
    return static_cast<int64_t>(__atomic_load_n(&domain->shared()->arch.max_pfn, __ATOMIC_RELAXED)) - 1;
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

Status machphys_list(xen_machphys_mfn_list& request) {
    uint64_t bytes = (max_mfn().value + 1) * sizeof(uint64_t);
    uint32_t stretches = static_cast<uint32_t>((bytes + level_size(2) - 1) / level_size(2));
    auto out = handle_of<xen_pfn_t>(request.extent_start);
    request.nr_extents = std::min(stretches, request.max_extents);
    for (uint32_t i = 0; i < request.nr_extents; ++i)
        TRY_STATUS(out.write(m2p_stretch(layout::m2p_view + i * level_size(2)), i));
    return success;
}

HypercallResult machphys_mapping(GuestHandle<xen_machphys_mapping> argument) {
    return argument.write({.v_start = layout::m2p_guest_view,
                           .v_end = layout::m2p_guest_view + (uint64_t{1} << 38),
                           .max_mfn = max_mfn().value});
}

// A pseudo-physical map of one domain, kept by whom built it.
Status memory_map(Domain& domain, xen_memory_map& request) {
    const MemoryMap& map = domain.memory_map;
    if (map.count == 0) return Error::no_system_call;
    request.nr_entries = std::min(request.nr_entries, map.count);
    return handle_of<MemoryMap::Entry>(request.buffer).write_array(map.entries, request.nr_entries);
}

Status set_memory_map(Caller& caller, const xen_foreign_memory_map& request) {
    if (request.map.nr_entries > MemoryMap::max_entries) return Error::invalid;
    DomainRef domain = TRY(buildable_domain(caller, request.domid));
    MemoryMap map;
    map.count = request.map.nr_entries;
    TRY_STATUS(handle_of<MemoryMap::Entry>(request.map.buffer).read_array(map.entries, map.count));
    domain->memory_map = map;
    return success;
}

Status machine_map(Domain& domain, xen_memory_map& request) {
    TRY_STATUS(AuthorityCheck::platform(domain, PlatformRight::hardware));
    auto out = handle_of<MemoryMap::Entry>(request.buffer);
    uint32_t written = 0;
    for (const MemoryRegion& region : machine_memory_map()) {
        if (written == request.nr_entries) return Error::invalid;
        TRY_STATUS(out.write({region.start, region.size, static_cast<uint32_t>(region.kind)}, written++));
    }
    request.nr_entries = written;
    return success;
}

} // namespace

HypercallResult hypercall_memory_op(Caller& caller, uint32_t operation, GuestHandle<void> argument) {
    uint32_t command = operation & operation_mask;
    switch (command) {
    case XENMEM_increase_reservation:
    case XENMEM_decrease_reservation:
    case XENMEM_populate_physmap: return perform<change_reservation>(argument, caller, operation);
    case XENMEM_exchange: {
        GuestHandle<xen_ulong_t> progress(argument.address() + offsetof(xen_memory_exchange, nr_exchanged));
        return perform<exchange_memory>(argument, caller, progress);
    }
    case XENMEM_maximum_ram_page: return static_cast<int64_t>(max_mfn().value);
    case XENMEM_current_reservation:
    case XENMEM_maximum_reservation:
    case XENMEM_maximum_gpfn: return perform<domain_figure>(argument, caller, command);
    case XENMEM_machphys_mfn_list: return perform<machphys_list>(argument);
    case XENMEM_machphys_mapping: return machphys_mapping(argument.as<xen_machphys_mapping>());
    case XENMEM_memory_map: return perform<memory_map>(argument, caller.domain);
    case XENMEM_set_memory_map: return perform<set_memory_map>(argument, caller);
    case XENMEM_machine_memory_map: return perform<machine_map>(argument, caller.domain);
    case XENMEM_add_to_physmap:
    case XENMEM_add_to_physmap_batch:
    case XENMEM_remove_from_physmap: return Error::access_denied; // PV domains keep their own physical-to-machine map
    default: return Error::no_system_call;
    }
}

} // namespace skerry
