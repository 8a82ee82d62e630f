// SPDX-License-Identifier: MIT
#include "hypercalls/dispatch.h"
#include "hypercalls/handles.h"
#include "hypercalls/memory_op.h"

#include <optional>

namespace skerry {
namespace {

constexpr unsigned largest_guest_order = 9; // an unprivileged domain's extents: 2 MiB
constexpr unsigned largest_builder_order = 18;

unsigned address_bits_of(uint32_t flags) {
    unsigned bits = XENMEMF_get_address_bits(flags);
    return bits ? bits : 64;
}

// One reservation request under way.
struct Reservation {
    Caller& caller;
    Domain& domain;
    GuestHandle<xen_pfn_t> extents;
    unsigned order;
    unsigned address_bits;
    uint32_t count;
};

// Gives up every frame of an extent, whatever work that is (at most a table's worth for each of its frames).
Status release_extent(Domain& domain, Mfn first, unsigned order) {
    constexpr int32_t units_per_frame = 1024;
    WorkBudget enough(units_per_frame << order);
    for (uint64_t i = 0; i < uint64_t{1} << order; ++i) TRY_STATUS(domain.mmu.release_frame(first + i, enough));
    return success;
}

// XENMEM_populate_physmap names the pseudo-physical frame; increase_reservation does not, and leaves the M2P to the
// guest.
Status add_extent(const Reservation& request, uint32_t index, bool names_pfn) {
    xen_pfn_t pfn = 0;
    if (names_pfn) TRY_STATUS(request.extents.read(pfn, index));
    Mfn mfn = TRY(allocator.allocate(request.domain.account, request.order, request.address_bits));
    if (names_pfn)
        for (uint64_t i = 0; i < uint64_t{1} << request.order; ++i) set_m2p(mfn + i, Pfn(pfn + i));
    if (request.extents.is_null()) return success;
    Status written = request.extents.write(mfn.value, index);
    if (!written.ok()) TRY_STATUS(release_extent(request.domain, mfn, request.order));
    return written;
}

Status remove_extent(const Reservation& request, uint32_t index) {
    xen_pfn_t first;
    TRY_STATUS(request.extents.read(first, index));
    if (request.order == 0) return request.domain.mmu.release_frame(Mfn(first), request.caller.budget);
    // A larger extent goes in one stretch: there is no place to note half an extent.
    TRY_STATUS(request.domain.mmu.settle(request.caller.budget));
    return release_extent(request.domain, Mfn(first), request.order);
}

} // namespace

ReservationResult change_reservation(Caller& caller, uint32_t operation, GuestHandle<void> argument,
                                     uint32_t start_extent) {
    xen_memory_reservation raw;
    if (Status read = argument.as<xen_memory_reservation>().read(raw); !read.ok()) return {read, 0};
    if (raw.nr_extents > (~0u >> 6) || start_extent > raw.nr_extents) return {success, start_extent};
    Result<DomainRef> domain = buildable_domain(caller, raw.domid);
    if (!domain.ok()) return {domain.error(), start_extent};
    bool own = &*domain.value() == &caller.domain;
    // Held until the end, so that a domain is not sealed under a change of its memory.
    std::optional<Holding<LockRank::control>> held;
    if (!own) {
        held.emplace(domain.value()->control);
        if (auto access = AuthorityCheck::memory(caller.domain, *domain.value()); !access.ok())
            return {access.error(), start_extent};
    }
    unsigned largest = own && !caller.domain.is_first() ? largest_guest_order : largest_builder_order;
    if (raw.extent_order > largest) return {success, start_extent};
    if (operation == XENMEM_decrease_reservation && handle_of<xen_pfn_t>(raw.extent_start).is_null())
        return {Error::bad_address, start_extent};

    Reservation request{caller,
                        *domain.value(),
                        handle_of<xen_pfn_t>(raw.extent_start),
                        raw.extent_order,
                        address_bits_of(raw.mem_flags),
                        static_cast<uint32_t>(raw.nr_extents)};
    uint32_t done = start_extent;
    for (; done < request.count; ++done) {
        if (done > start_extent && caller.budget.is_spent()) return {Error::restart, done};
        Status status = operation == XENMEM_decrease_reservation
                            ? remove_extent(request, done)
                            : add_extent(request, done, operation == XENMEM_populate_physmap);
        if (!status.ok() && status.error() == Error::restart) return {Error::restart, done};
        if (!status.ok()) break; // as on Xen: the count of what was done is the answer
        (void)caller.budget.spend(1 << request.order);
    }
    return {success, done};
}

} // namespace skerry

namespace skerry {
namespace {

// XENMEM_exchange, with the two lists seen as chunks of the larger order.
struct Exchange {
    Caller& caller;
    Domain& domain;
    GuestHandle<xen_pfn_t> in, out;
    unsigned in_order, out_order, chunk_order;
    unsigned address_bits;

    uint64_t in_per_chunk() const { return uint64_t{1} << (chunk_order - in_order); }
    uint64_t out_per_chunk() const { return uint64_t{1} << (chunk_order - out_order); }
};

// Every input frame is the domain's own to give.
Status check_inputs(const Exchange& exchange, uint64_t chunk) {
    for (uint64_t i = 0; i < exchange.in_per_chunk(); ++i) {
        xen_pfn_t first;
        TRY_STATUS(exchange.in.read(first, chunk * exchange.in_per_chunk() + i));
        for (uint64_t j = 0; j < uint64_t{1} << exchange.in_order; ++j) {
            FrameRef reference = TRY(take_reference(Mfn(first + j), exchange.domain.account));
            if (!reference.frame().word().is_allocated()) return Error::invalid;
        }
    }
    return success;
}

Status give_up_inputs(const Exchange& exchange, uint64_t chunk) {
    for (uint64_t i = 0; i < exchange.in_per_chunk(); ++i) {
        xen_pfn_t first;
        TRY_STATUS(exchange.in.read(first, chunk * exchange.in_per_chunk() + i));
        TRY_STATUS(release_extent(exchange.domain, Mfn(first), exchange.in_order));
    }
    return success;
}

// The new frames come before the old ones go, so for a moment the domain may hold a chunk more than its limit;
// `control` keeps others from changing the limit meanwhile.
Status exchange_chunk(const Exchange& exchange, uint64_t chunk) {
    Holding held(exchange.domain.control);
    Account& account = exchange.domain.account;
    TRY_STATUS(check_inputs(exchange, chunk));
    uint64_t limit = account.max_frames();
    account.set_max_frames(limit + (uint64_t{1} << exchange.chunk_order));
    Result<Mfn> fresh = Error::no_memory;
    uint64_t got = 0;
    Mfn bases[64];
    Status status = exchange.out_per_chunk() <= 64 ? success : Status(Error::invalid);
    for (; status.ok() && got < exchange.out_per_chunk(); ++got) {
        fresh = allocator.allocate(account, exchange.out_order, exchange.address_bits);
        if (!fresh.ok()) {
            status = fresh.error();
            break;
        }
        bases[got] = fresh.value();
    }
    account.set_max_frames(limit);
    if (status.ok()) status = give_up_inputs(exchange, chunk);
    for (uint64_t i = 0; i < got; ++i) {
        uint64_t index = chunk * exchange.out_per_chunk() + i;
        xen_pfn_t pfn = 0;
        if (status.ok()) status = exchange.out.read(pfn, index);
        if (status.ok()) status = exchange.out.write(bases[i].value, index);
        if (!status.ok()) {
            TRY_STATUS(release_extent(exchange.domain, bases[i], exchange.out_order));
            continue;
        }
        for (uint64_t j = 0; j < uint64_t{1} << exchange.out_order; ++j) set_m2p(bases[i] + j, Pfn(pfn + j));
    }
    return status;
}

} // namespace

HypercallResult exchange_memory(Caller& caller, GuestHandle<void> argument) {
    auto handle = argument.as<xen_memory_exchange>();
    xen_memory_exchange request;
    TRY_STATUS(handle.read(request));
    constexpr unsigned largest = largest_guest_order;
    if (request.in.domid != request.out.domid || request.in.extent_order > largest ||
        request.out.extent_order > largest)
        return Error::not_permitted;
    if (request.in.nr_extents > (~0u >> 6) || request.out.nr_extents > (~0u >> 6) ||
        request.nr_exchanged > request.in.nr_extents ||
        request.in.nr_extents << request.in.extent_order != request.out.nr_extents << request.out.extent_order)
        return Error::invalid;
    DomainRef domain = TRY(buildable_domain(caller, request.in.domid));
    unsigned chunk_order =
        request.in.extent_order > request.out.extent_order ? request.in.extent_order : request.out.extent_order;
    Exchange exchange{caller,
                      *domain,
                      handle_of<xen_pfn_t>(request.in.extent_start),
                      handle_of<xen_pfn_t>(request.out.extent_start),
                      request.in.extent_order,
                      request.out.extent_order,
                      chunk_order,
                      address_bits_of(request.out.mem_flags)};
    uint64_t chunks = request.in.nr_extents / exchange.in_per_chunk();
    if (chunks * exchange.in_per_chunk() != request.in.nr_extents ||
        request.nr_exchanged % exchange.in_per_chunk() != 0)
        return Error::invalid;
    GuestHandle<xen_ulong_t> exchanged(argument.address() + offsetof(xen_memory_exchange, nr_exchanged));
    uint64_t first = request.nr_exchanged / exchange.in_per_chunk();
    for (uint64_t chunk = first; chunk < chunks; ++chunk) {
        if (chunk > first && caller.budget.is_spent())
            return Error::restart; // nr_exchanged in the guest's memory says where to go on
        TRY_STATUS(exchange_chunk(exchange, chunk));
        TRY_STATUS(exchanged.write((chunk + 1) * exchange.in_per_chunk()));
        (void)caller.budget.spend(1 << chunk_order);
    }
    return 0;
}

} // namespace skerry
