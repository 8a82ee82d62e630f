// SPDX-License-Identifier: MIT
#include "hypercalls/memory_op.h"
#include "memory/m2p.h"

#include <algorithm>
#include <optional>

namespace skerry {
namespace {

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
    for (uint64_t i = 0; i < uint64_t{1} << order; ++i) TRY_STATUS(domain.mmu.release_frame(first + i, enough));
    return success;
}

void name_extent(Mfn first, unsigned order, Pfn pfn) {
    for (uint64_t i = 0; i < uint64_t{1} << order; ++i) set_m2p(first + i, pfn + i);
}

// --- one reservation request under way ---

struct Reservation {
    Caller& caller;
    Domain& domain;
    GuestHandle<xen_pfn_t> extents;
    unsigned order;
    unsigned address_bits;
};

// XENMEM_populate_physmap names the pseudo-physical frame; increase_reservation does not, and leaves the M2P to the
// guest.
Status add_extent(const Reservation& request, uint32_t index, bool names_pfn) {
    xen_pfn_t pfn = 0;
    if (names_pfn) TRY_STATUS(request.extents.read(pfn, index));
    Mfn mfn = TRY(allocator.allocate(request.domain.account, request.order, request.address_bits));
    if (names_pfn) name_extent(mfn, request.order, Pfn(pfn));
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

// --- XENMEM_exchange, with the two lists seen as chunks of the larger order ---

struct Exchange {
    Domain& domain;
    GuestHandle<xen_pfn_t> in, out;
    unsigned in_order, out_order, chunk_order;
    unsigned address_bits;

    uint64_t in_per_chunk() const { return uint64_t{1} << (chunk_order - in_order); }
    uint64_t out_per_chunk() const { return uint64_t{1} << (chunk_order - out_order); }

    template <typename Operation> Status for_each_input(uint64_t chunk, Operation&& operation) const {
        for (uint64_t i = 0; i < in_per_chunk(); ++i) {
            xen_pfn_t first;
            TRY_STATUS(in.read(first, chunk * in_per_chunk() + i));
            TRY_STATUS(operation(Mfn(first)));
        }
        return success;
    }
};

// Every input frame is the domain's own to give.
Status check_input(const Exchange& exchange, Mfn first) {
    for (uint64_t i = 0; i < uint64_t{1} << exchange.in_order; ++i) {
        FrameRef reference = TRY(take_reference(first + i, exchange.domain.account));
        if (!reference.frame().word().is_allocated()) return Error::invalid;
    }
    return success;
}

// The new frames come before the old ones go, so for a moment the domain may hold a chunk more than its limit;
// `control` keeps others from changing the limit meanwhile.
Status exchange_chunk(const Exchange& exchange, uint64_t chunk) {
    Holding held(exchange.domain.control);
    TRY_STATUS(exchange.for_each_input(chunk, [&](Mfn first) { return check_input(exchange, first); }));
    constexpr uint64_t most_new_extents = 64;
    if (exchange.out_per_chunk() > most_new_extents) return Error::invalid;
    Mfn fresh[most_new_extents];
    uint64_t got = 0;
    Status status = success;
    Account& account = exchange.domain.account;
    uint64_t limit = account.max_frames();
    account.set_max_frames(limit + (uint64_t{1} << exchange.chunk_order));
    while (got < exchange.out_per_chunk() && status.ok()) {
        Result<Mfn> extent = allocator.allocate(account, exchange.out_order, exchange.address_bits);
        status = extent.error();
        if (extent.ok()) fresh[got++] = extent.value();
    }
    account.set_max_frames(limit);
    if (status.ok())
        status = exchange.for_each_input(
            chunk, [&](Mfn first) { return release_extent(exchange.domain, first, exchange.in_order); });
    for (uint64_t i = 0; i < got; ++i) {
        uint64_t index = chunk * exchange.out_per_chunk() + i;
        xen_pfn_t pfn = 0;
        if (status.ok()) status = exchange.out.read(pfn, index);
        if (status.ok()) status = exchange.out.write(fresh[i].value, index);
        if (status.ok())
            name_extent(fresh[i], exchange.out_order, Pfn(pfn));
        else
            TRY_STATUS(release_extent(exchange.domain, fresh[i], exchange.out_order));
    }
    return status;
}

} // namespace

HypercallResult change_reservation(Caller& caller, uint32_t operation, const xen_memory_reservation& request) {
    uint32_t command = operation & operation_mask, done = operation >> extent_shift;
    if (request.nr_extents > most_extents || done > request.nr_extents) return done;
    DomainRef domain = TRY(buildable_domain(caller, request.domid));
    bool own = &*domain == &caller.domain;
    // Held until the end, so that a domain is not sealed under a change of its memory.
    std::optional<Holding<LockRank::control>> held;
    if (!own) {
        held.emplace(domain->control);
        TRY(AuthorityCheck::memory(caller.domain, *domain));
    }
    if (request.extent_order > (own && !caller.domain.is_first() ? largest_guest_order : largest_builder_order))
        return done;
    Reservation reservation{caller, *domain, handle_of<xen_pfn_t>(request.extent_start), request.extent_order,
                            address_bits_of(request.mem_flags)};
    bool removes = command == XENMEM_decrease_reservation;
    if (removes && reservation.extents.is_null()) return Error::bad_address;
    for (uint32_t first = done; done < request.nr_extents; ++done) {
        Status status = Error::restart;
        if (done == first || !caller.budget.is_spent())
            status = removes ? remove_extent(reservation, done)
                             : add_extent(reservation, done, command == XENMEM_populate_physmap);
        if (!status.ok() && status.error() == Error::restart)
            return caller.continue_with(0, {command | (done << extent_shift)});
        if (!status.ok()) break; // as on Xen: the count of what was done is the answer
        (void)caller.budget.spend(1 << request.extent_order);
    }
    return done;
}

HypercallResult exchange_memory(Caller& caller, GuestHandle<xen_ulong_t> progress, const xen_memory_exchange& request) {
    const xen_memory_reservation &in = request.in, &out = request.out;
    if (in.domid != out.domid || std::max(in.extent_order, out.extent_order) > largest_guest_order)
        return Error::not_permitted;
    if (in.nr_extents > most_extents || out.nr_extents > most_extents || request.nr_exchanged > in.nr_extents ||
        in.nr_extents << in.extent_order != out.nr_extents << out.extent_order)
        return Error::invalid;
    DomainRef domain = TRY(buildable_domain(caller, in.domid));
    unsigned chunk_order = std::max(in.extent_order, out.extent_order);
    Exchange exchange{.domain = *domain,
                      .in = handle_of<xen_pfn_t>(in.extent_start),
                      .out = handle_of<xen_pfn_t>(out.extent_start),
                      .in_order = in.extent_order,
                      .out_order = out.extent_order,
                      .chunk_order = chunk_order,
                      .address_bits = address_bits_of(out.mem_flags)};
    uint64_t per_chunk = exchange.in_per_chunk();
    if (in.nr_extents % per_chunk || request.nr_exchanged % per_chunk) return Error::invalid;
    for (uint64_t done = request.nr_exchanged; done < in.nr_extents; done += per_chunk) {
        if (done > request.nr_exchanged && caller.budget.is_spent())
            return Error::restart; // nr_exchanged in the guest's memory says where to go on
        TRY_STATUS(exchange_chunk(exchange, done / per_chunk));
        TRY_STATUS(progress.write(done + per_chunk));
        (void)caller.budget.spend(1 << chunk_order);
    }
    return 0;
}

} // namespace skerry
