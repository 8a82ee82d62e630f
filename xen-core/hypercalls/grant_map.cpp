// SPDX-License-Identifier: MIT
#include "arch/x86_64/page_table_entry.h"
#include "hypercalls/grant_calls.h"

namespace skerry {
namespace {

constexpr uint32_t known_map_flags = GNTMAP_device_map | GNTMAP_host_map | GNTMAP_readonly | GNTMAP_application_map |
                                     GNTMAP_contains_pte | GNTMAP_guest_avail_mask;
constexpr unsigned pte_available_shift = 9; // bits 9..11 of an entry are software's own

EntryPlace place_of(Caller& caller, uint64_t host_address, bool contains_pte) {
    if (contains_pte) return EntryPlace::machine(MachAddr(host_address));
    return EntryPlace::linear(frame_of(MachAddr(caller.vcpu.cpu.kernel_cr3)), GuestVirt(host_address));
}

uint64_t entry_flags(uint32_t flags) {
    uint64_t available = (uint64_t{flags >> _GNTMAP_guest_avail0} << pte_available_shift) & pte::available;
    return available | pte::accessed | pte::dirty | (flags & GNTMAP_application_map ? pte::user : 0);
}

// Enters the frame of a begun use into the caller's page tables.
Status map_frame(Caller& caller, const gnttab_map_grant_ref_t& request, const GrantUse& use) {
    EntryPlace place = place_of(caller, request.host_addr, request.flags & GNTMAP_contains_pte);
    PvMmu& mmu = caller.domain.mmu;
    uint64_t flags = entry_flags(request.flags);
    if (use.writes) {
        WritableRef reference = WritableRef::adopt(frame(use.frame));
        Status status = mmu.map_frame(place, reference, flags, caller.budget);
        reference.release(); // stays with the use
        return status;
    }
    FrameRef reference = FrameRef::adopt(frame(use.frame));
    Status status = mmu.map_frame(place, reference, flags, caller.budget);
    reference.release();
    return status;
}

GrantMapping mapping_of(const Domain& granter, const GrantUse& use, bool host_mapped) {
    return {.frame = static_cast<uint32_t>(use.frame.value),
            .reference = use.reference.value,
            .granter = granter.id.value,
            .writes = use.writes,
            .host_mapped = host_mapped,
            .in_use = true,
            .unused = {}};
}

Status map_from(Caller& caller, Domain& granter, gnttab_map_grant_ref_t& request) {
    bool writes = !(request.flags & GNTMAP_readonly);
    bool host = request.flags & GNTMAP_host_map;
    GrantUse use = TRY(granter.grants.begin_use(GrantRef(request.ref), caller.domain.id, writes, true));
    GrantMapping mapping = mapping_of(granter, use, host);
    Status status = host ? map_frame(caller, request, use) : success;
    if (!status.ok()) {
        end_grant_mapping(mapping);
        return status;
    }
    Result<uint32_t> handle = caller.domain.maptrack.add(mapping);
    if (!handle.ok()) {
        if (host) {
            FlushDebt debt;
            WorkBudget enough;
            Status undone = caller.domain.mmu.unmap_frame(
                place_of(caller, request.host_addr, request.flags & GNTMAP_contains_pte), use.frame, debt, enough);
            debt.pay();
            if (!undone.ok()) crash_domain(caller.vcpu, "its own page tables changed while a grant was mapped");
        }
        end_grant_mapping(mapping);
        return Error::no_space;
    }
    request.handle = handle.value();
    request.dev_bus_addr = address_of(use.frame).value;
    return success;
}

} // namespace

int16_t grant_status(Error error) {
    switch (error) {
    case Error::none: return GNTST_okay;
    case Error::not_found: return GNTST_bad_gntref;
    case Error::no_such_domain: return GNTST_bad_domain;
    case Error::bad_address: return GNTST_bad_virt_addr;
    case Error::not_permitted: return GNTST_permission_denied;
    case Error::busy: return GNTST_bad_page;
    case Error::too_big: return GNTST_bad_copy_arg;
    case Error::no_memory:
    case Error::no_space: return GNTST_no_space;
    case Error::try_again: return GNTST_eagain;
    default: return GNTST_general_error;
    }
}

Status map_grant(Caller& caller, gnttab_map_grant_ref_t& request) {
    Status status = success;
    if (!(request.flags & (GNTMAP_device_map | GNTMAP_host_map)) || (request.flags & ~known_map_flags)) {
        status = Error::not_found;
    } else {
        Result<DomainRef> granter = domain_table.find(DomId(request.dom));
        status = granter.ok() ? map_from(caller, *granter.value(), request) : Status(granter.error());
    }
    if (!status.ok() && status.error() == Error::restart) return status;
    request.status = grant_status(status.error());
    return success;
}

// --- unmapping ---

template <typename RemoveEntry>
Result<int16_t> GrantUnmapper::end(uint32_t handle, bool has_address, RemoveEntry&& remove_entry) {
    Maptrack& maptrack = caller_.domain.maptrack;
    Result<GrantMapping> mapping = maptrack.take(handle);
    if (!mapping.ok()) return static_cast<int16_t>(GNTST_bad_handle);
    Status removed = success;
    if (mapping.value().host_mapped)
        removed = has_address ? remove_entry(Mfn(mapping.value().frame)) : Status(Error::bad_address);
    if (!removed.ok()) {
        maptrack.put_back(handle, mapping.value());
        if (removed.error() == Error::restart) return Error::restart;
        return static_cast<int16_t>(removed.error() == Error::bad_address ? GNTST_bad_virt_addr : GNTST_general_error);
    }
    ended_[count_++] = {handle, mapping.value()};
    return static_cast<int16_t>(GNTST_okay);
}

// The handle does not say by which form it was mapped: the entry at the address given must map the frame, as a linear
// address or, failing that, as the machine address of the entry.
Status GrantUnmapper::unmap(gnttab_unmap_grant_ref_t& request) {
    request.status = TRY(end(request.handle, request.host_addr != 0, [&](Mfn frame) {
        PvMmu& mmu = caller_.domain.mmu;
        Status linear = mmu.unmap_frame(place_of(caller_, request.host_addr, false), frame, debt_, caller_.budget);
        if (linear.ok() || linear.error() == Error::restart) return linear;
        return mmu.unmap_frame(place_of(caller_, request.host_addr, true), frame, debt_, caller_.budget);
    }));
    return success;
}

Status GrantUnmapper::unmap_and_replace(gnttab_unmap_and_replace_t& request) {
    request.status = TRY(end(request.handle, request.host_addr && request.new_addr, [&](Mfn frame) {
        return caller_.domain.mmu.unmap_and_replace(place_of(caller_, request.host_addr, false), frame,
                                                    place_of(caller_, request.new_addr, false), debt_, caller_.budget);
    }));
    return success;
}

void GrantUnmapper::finish() {
    debt_.pay();
    for (unsigned i = 0; i < count_; ++i) {
        end_grant_mapping(ended_[i].mapping);
        caller_.domain.maptrack.free(ended_[i].handle);
    }
    count_ = 0;
}

} // namespace skerry
