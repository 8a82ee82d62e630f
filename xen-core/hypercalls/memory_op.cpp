// SPDX-License-Identifier: MIT
// memory_op: changes of a domain's reservation, and queries about memory (<xen/memory.h>).
#include "arch/x86_64/core_page_tables.h"
#include "arch/x86_64/memory_map.h"
#include "hypercalls/dispatch.h"

namespace skerry {
namespace {

// The operation word: a continued call has its progress above the command.
constexpr unsigned extent_shift = 6; // MEMOP_EXTENT_SHIFT
constexpr uint32_t operation_mask = (1u << extent_shift) - 1;

constexpr unsigned largest_guest_order = 9; // an unprivileged domain's extents: 2 MiB
constexpr unsigned largest_builder_order = 18;
constexpr uint64_t most_extents = ~0u >> extent_shift;

unsigned address_bits_of(uint32_t flags) {
    unsigned bits = XENMEMF_get_address_bits(flags);
    return bits ? bits : 64;
}

// Gives up every frame of an extent, whatever work that is (at most a table's worth for each of its frames).
Status release_extent(Domain& domain, Mfn first, unsigned order) {
    constexpr int32_t units_per_frame = 1024;
    WorkBudget enough(units_per_frame << order);
    for (uint64_t i = 0; i < uint64_t{1} << order; ++i) TRY(domain.mmu.release_frame(first + i, enough));
    return success;
}

void name_extent(Mfn first, unsigned order, Pfn pfn) {
    for (uint64_t i = 0; i < uint64_t{1} << order; ++i) set_m2p(first + i, pfn + i);
}

// --- XENMEM_increase_reservation, decrease_reservation, populate_physmap ---

// populate_physmap names the pseudo-physical frame; increase_reservation does not, and leaves the M2P to the guest.
Status add_extent(Domain& domain, const xen_memory_reservation& request, uint32_t index, bool names_pfn) {
    auto extents = handle_of<xen_pfn_t>(request.extent_start);
    xen_pfn_t pfn = 0;
    if (names_pfn) TRY(extents.read(pfn, index));
    Mfn mfn = TRY(allocator.allocate(domain.account, request.extent_order, address_bits_of(request.mem_flags)));
    if (names_pfn) name_extent(mfn, request.extent_order, Pfn(pfn));
    if (extents.is_null()) return success;
    Status written = extents.write(mfn.value, index);
    if (!written.ok()) TRY(release_extent(domain, mfn, request.extent_order));
    return written;
}

Status remove_extent(Domain& domain, const xen_memory_reservation& request, uint32_t index, WorkBudget& budget) {
    xen_pfn_t first;
    TRY(handle_of<xen_pfn_t>(request.extent_start).read(first, index));
    if (request.extent_order == 0) return domain.mmu.release_frame(Mfn(first), budget);
    // A larger extent goes in one stretch: there is no place to note half an extent.
    TRY(domain.mmu.settle(budget));
    return release_extent(domain, Mfn(first), request.extent_order);
}

// A refusal is not an error: the number of extents done is the answer, and says how far it went.
HypercallResult change_reservation(Caller& caller, uint32_t operation, GuestHandle<xen_memory_reservation> argument) {
    uint32_t command = operation & operation_mask, done = operation >> extent_shift;
    xen_memory_reservation request;
    if (!argument.read(request).ok() || request.nr_extents > most_extents || done > request.nr_extents) return done;
    Status status = on_buildable(caller, request.domid, [&](Domain& domain) -> Status {
        bool is_guest = &domain == &caller.domain() && !domain.is_first();
        if (request.extent_order > (is_guest ? largest_guest_order : largest_builder_order)) return Error::invalid;
        auto change_extent = [&](uint32_t index) {
            return command == XENMEM_decrease_reservation
                       ? remove_extent(domain, request, index, caller.budget)
                       : add_extent(domain, request, index, command == XENMEM_populate_physmap);
        };
        return caller.work_through(done, static_cast<uint32_t>(request.nr_extents), change_extent,
                                   1 << request.extent_order);
    });
    if (status.error() == Error::restart) return caller.continue_with(0, {command | (done << extent_shift)});
    return done;
}

// --- XENMEM_exchange: gives up some extents and gets others (contiguous, or below an address width) for them ---

// The two lists are seen as chunks of the larger order; each is exchanged whole or not at all.
struct Exchange {
    Domain& domain;
    const xen_memory_reservation &in, &out;
    unsigned chunk_order = std::max(in.extent_order, out.extent_order);
    uint64_t in_per_chunk = uint64_t{1} << (chunk_order - in.extent_order);
    uint64_t out_per_chunk = uint64_t{1} << (chunk_order - out.extent_order);

    template <typename Operation> Status for_each_input(uint64_t chunk, Operation&& operation) const {
        for (uint64_t i = 0; i < in_per_chunk; ++i) {
            xen_pfn_t first;
            TRY(handle_of<xen_pfn_t>(in.extent_start).read(first, chunk * in_per_chunk + i));
            TRY(operation(Mfn(first)));
        }
        return success;
    }
};

// The new frames, contiguous whatever order they are asked for in, come before the old ones go, so for a moment the
// domain may hold a chunk more than its limit; `control` keeps others from changing the limit meanwhile.
Status exchange_chunk(Caller& caller, const Exchange& exchange, uint64_t chunk) {
    Domain& domain = exchange.domain;
    Account& account = domain.account;
    Holding held(domain.control);
    TRY(AuthorityCheck::memory(caller.domain(), domain)); // once more, now that nobody can take it
    TRY(exchange.for_each_input(chunk, [&](Mfn first) -> Status {
        for (uint64_t i = 0; i < uint64_t{1} << exchange.in.extent_order; ++i) {
            FrameWord word = TRY(take_reference(first + i, account))->word();
            // Not the domain's own to give, or mapped: with others' references than its owner's and ours.
            if (!word.is_allocated() || word.references() != 2) return Error::invalid;
        }
        return success;
    }));
    uint64_t limit = account.max_frames();
    account.set_max_frames(limit + (uint64_t{1} << exchange.chunk_order));
    Result<Mfn> allocated = allocator.allocate(account, exchange.chunk_order, address_bits_of(exchange.out.mem_flags));
    account.set_max_frames(limit);
    Mfn fresh = TRY(allocated);
    Status status = exchange.for_each_input(
        chunk, [&](Mfn first) { return release_extent(domain, first, exchange.in.extent_order); });
    auto extents = handle_of<xen_pfn_t>(exchange.out.extent_start);
    unsigned order = exchange.out.extent_order;
    for (uint64_t i = 0; i < exchange.out_per_chunk; ++i, fresh = fresh + (uint64_t{1} << order)) {
        xen_pfn_t pfn = 0;
        if (status.ok()) status = extents.read(pfn, chunk * exchange.out_per_chunk + i);
        if (status.ok()) status = extents.write(fresh.value, chunk * exchange.out_per_chunk + i);
        if (status.ok())
            name_extent(fresh, order, Pfn(pfn));
        else
            TRY(release_extent(domain, fresh, order));
    }
    return status;
}

// `progress` is where the guest's request counts the input extents exchanged: a continued call goes on there.
HypercallResult exchange(Caller& caller, GuestHandle<xen_ulong_t> progress, const xen_memory_exchange& request) {
    const xen_memory_reservation &in = request.in, &out = request.out;
    if (std::max(in.extent_order, out.extent_order) > largest_guest_order) return Error::not_permitted;
    if (in.domid != out.domid || in.nr_extents > most_extents || out.nr_extents > most_extents ||
        request.nr_exchanged > in.nr_extents || in.nr_extents << in.extent_order != out.nr_extents << out.extent_order)
        return Error::invalid;
    DomainRef domain = TRY(buildable_domain(caller, in.domid));
    Exchange exchange{*domain, in, out};
    uint64_t step = exchange.in_per_chunk;
    if (in.nr_extents % step || request.nr_exchanged % step) return Error::invalid;
    auto exchange_next = [&](uint32_t chunk) -> Status {
        TRY(exchange_chunk(caller, exchange, chunk));
        return progress.write((chunk + 1) * step);
    };
    uint32_t done = static_cast<uint32_t>(request.nr_exchanged / step);
    uint32_t chunks = static_cast<uint32_t>(in.nr_extents / step);
    return caller.work_through(done, chunks, exchange_next, 1 << exchange.chunk_order);
}

// --- queries ---

// XENMEM_current_reservation, maximum_reservation, maximum_gpfn; a controller may ask, too.
HypercallResult domain_figure(Caller& caller, uint32_t command, const xen_memory_domain& request) {
    DomainRef domain = TRY(named_domain(caller, request.domid));
    if (&*domain != &caller.domain() && !caller.domain().authority.holds(PlatformRight::inspect))
        TRY(AuthorityCheck::control(caller.domain(), *domain));
    if (command == XENMEM_current_reservation) return static_cast<int64_t>(domain->account.frames());
    if (command == XENMEM_maximum_reservation) return static_cast<int64_t>(domain->account.max_frames());
    Holding held(domain->control);
    if (!domain->shared()) return Error::no_such_domain;                                 // destroyed
    uint64_t pages = __atomic_load_n(&domain->shared()->arch.max_pfn, __ATOMIC_RELAXED); // as the guest tells them
    return static_cast<int64_t>(pages ? pages - 1 : 0);
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
        TRY(out.write(m2p_stretch(layout::m2p_view + i * level_size(2)), i));
    return success;
}

// A pseudo-physical map of one domain, kept by whom built it.
Status memory_map(Domain& domain, xen_memory_map& request) {
    const MemoryMap& map = domain.memory_map;
    if (map.count == 0) return Error::no_system_call;
    request.nr_entries = std::min(request.nr_entries, map.count);
    return handle_of<MemoryMap::Entry>(request.buffer).write_array(map.entries, request.nr_entries);
}

Status set_memory_map(Caller& caller, const xen_foreign_memory_map& request) {
    MemoryMap map{.count = request.map.nr_entries};
    if (map.count > MemoryMap::max_entries) return Error::invalid;
    TRY(handle_of<MemoryMap::Entry>(request.map.buffer).read_array(map.entries, map.count));
    return on_buildable(caller, request.domid, [&](Domain& domain) -> Status {
        domain.memory_map = map;
        return success;
    });
}

Status machine_map(Domain& domain, xen_memory_map& request) {
    TRY(AuthorityCheck::platform(domain, PlatformRight::hardware));
    auto out = handle_of<MemoryMap::Entry>(request.buffer);
    uint32_t count = 0;
    for (const MemoryRegion& region : machine_memory_map()) {
        if (!out.is_null() && count == request.nr_entries) return Error::invalid;
        if (!out.is_null()) TRY(out.write({region.start, region.size, static_cast<uint32_t>(region.kind)}, count));
        ++count;
    }
    request.nr_entries = count; // without a buffer that is all that was asked
    return success;
}

} // namespace

HypercallResult hypercall_memory_op(Caller& caller, uint32_t operation, GuestHandle<void> argument) {
    uint32_t command = operation & operation_mask;
    switch (command) {
    case XENMEM_increase_reservation:
    case XENMEM_decrease_reservation:
    case XENMEM_populate_physmap: return change_reservation(caller, operation, argument.as<xen_memory_reservation>());
    case XENMEM_exchange: {
        GuestHandle<xen_ulong_t> progress(argument.address() + offsetof(xen_memory_exchange, nr_exchanged));
        return perform<exchange>(argument, caller, progress);
    }
    case XENMEM_maximum_ram_page: return static_cast<int64_t>(max_mfn().value + 1);
    case XENMEM_current_reservation:
    case XENMEM_maximum_reservation:
    case XENMEM_maximum_gpfn: return perform<domain_figure>(argument, caller, command);
    case XENMEM_machphys_mfn_list: return perform<machphys_list>(argument);
    case XENMEM_machphys_mapping:
        return argument.as<xen_machphys_mapping>().write({.v_start = layout::m2p_guest_view,
                                                          .v_end = layout::m2p_guest_view + (uint64_t{1} << 38),
                                                          .max_mfn = max_mfn().value});
    case XENMEM_memory_map: return perform<memory_map>(argument, caller.domain());
    case XENMEM_set_memory_map: return perform<set_memory_map>(argument, caller);
    case XENMEM_machine_memory_map: return perform<machine_map>(argument, caller.domain());
    case XENMEM_add_to_physmap:
    case XENMEM_add_to_physmap_batch:
    case XENMEM_remove_from_physmap: return Error::access_denied; // PV domains keep their own physical-to-machine map
    default: return Error::no_system_call;
    }
}

} // namespace skerry
