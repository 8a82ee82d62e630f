// SPDX-License-Identifier: MIT
// grant_table_op: arrays of grant operations (<xen/grant_table.h>). A call whose budget is spent continues at the next
// element.
#include "hypercalls/dispatch.h"

namespace skerry {
namespace {

constexpr Error no_such_mapping = Error::no_data, no_such_device_mapping = Error::overflow; // of a handle

// Why an operation did not happen, as its structure says it.
int16_t grant_status(Error error) {
    switch (error) {
    case Error::none: return GNTST_okay;
    case no_such_mapping: return GNTST_bad_handle;
    case no_such_device_mapping: return GNTST_bad_dev_addr;
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

// --- mapping ---

constexpr unsigned pte_available_shift = 9; // bits 9..11 of an entry are software's own

EntryPlace place_of(Caller& caller, uint64_t host_address, bool contains_pte) {
    if (contains_pte) return EntryPlace::machine(MachAddr(host_address));
    return EntryPlace::linear(frame_of(MachAddr(caller.vcpu.cpu.kernel_cr3)), GuestVirt(host_address));
}

uint64_t entry_flags(uint32_t flags) {
    uint64_t available = (uint64_t{flags >> _GNTMAP_guest_avail0} << pte_available_shift) & pte::available;
    return available | pte::accessed | pte::dirty | pte::no_execute | (flags & GNTMAP_application_map ? pte::user : 0);
}

// Enters the frame of a begun use into the caller's page tables.
Status map_frame(Caller& caller, EntryPlace place, uint32_t flags, const GrantUse& use) {
    auto enter = [&](auto reference) {
        Status status = caller.domain().mmu.map_frame(place, reference, entry_flags(flags), caller.budget);
        reference.release(); // stays with the use
        return status;
    };
    return use.writes ? enter(WritableRef::adopt(frame(use.frame))) : enter(FrameRef::adopt(frame(use.frame)));
}

Status map(Caller& caller, gnttab_map_grant_ref_t& request) {
    if (!(request.flags & (GNTMAP_device_map | GNTMAP_host_map))) return Error::not_found;
    DomainRef granter = TRY(domain_table.find(DomId(request.dom)));
    bool writes = !(request.flags & GNTMAP_readonly);
    GrantUse use = TRY(granter->grants.begin_use(GrantRef(request.ref), caller.domain().id, writes, true));
    GrantMapping mapping{.frame = static_cast<uint32_t>(use.frame.value),
                         .reference = request.ref,
                         .granter = granter->id.value,
                         .writes = writes,
                         .host_mapped = (request.flags & GNTMAP_host_map) != 0,
                         .device_mapped = (request.flags & GNTMAP_device_map) != 0,
                         .in_use = true};
    EntryPlace place = place_of(caller, request.host_addr, request.flags & GNTMAP_contains_pte);
    Maptrack& maptrack = caller.domain().maptrack;
    Result<uint32_t> handle = maptrack.reserve();
    Status status = handle.ok() ? success : Status(Error::no_space);
    if (status.ok() && mapping.host_mapped) status = map_frame(caller, place, request.flags, use);
    if (!status.ok()) {
        if (handle.ok()) maptrack.free(handle.value());
        end_grant_mapping(mapping);
        return status;
    }
    maptrack.put(handle.value(), mapping);
    request.handle = handle.value();
    request.dev_bus_addr = address_of(use.frame).value;
    return success;
}

// --- unmapping in bulk: entries go one by one, one flush pays for all, and only then the frames and uses are given
// back ---

struct GrantUnmapper : NonCopyable {
    static constexpr unsigned most = 32;

    explicit GrantUnmapper(Caller& by) : caller(by) {}
    ~GrantUnmapper() { finish(); }

    // Ends what is named of the mapping `handle` and is there: the host's by its address, the device's by the frame's (0:
    // not that one). When neither is left, the mapping is over. Errors: no_such_mapping, no_such_device_mapping, invalid,
    // restart.
    Status end(uint32_t handle, uint64_t host_address, uint64_t replacement, MachAddr device_address) {
        if (count == most) finish();
        Maptrack& maptrack = caller.domain().maptrack;
        GrantMapping mapping = TRY_AS(maptrack.take(handle), no_such_mapping);
        Status done = end_parts(mapping, host_address, replacement, device_address);
        if (mapping.host_mapped || mapping.device_mapped)
            maptrack.put(handle, mapping);
        else
            ended[count++] = {handle, mapping};
        return done;
    }

    Status end_parts(GrantMapping& mapping, uint64_t host_address, uint64_t replacement, MachAddr device_address) {
        bool is_of_device = device_address.value && mapping.device_mapped;
        if (is_of_device && device_address != address_of(Mfn(mapping.frame))) return no_such_device_mapping;
        if (host_address && mapping.host_mapped) {
            Status removed = remove_entry(Mfn(mapping.frame), mapping.writes, host_address, replacement);
            if (!removed.ok()) return removed.error() == Error::restart ? Error::restart : Error::invalid;
            mapping.host_mapped = false;
        }
        if (is_of_device) mapping.device_mapped = false;
        return success;
    }

    // The handle does not say by which form it was mapped: the entry at the address given must map the frame, as a
    // linear address or, failing that, as the machine address of the entry. The one at `replacement` takes its place.
    Status remove_entry(Mfn mfn, bool writes, uint64_t host_address, uint64_t replacement) {
        PvMmu& mmu = caller.domain().mmu;
        EntryPlace at = place_of(caller, host_address, false);
        if (replacement)
            return mmu.unmap_and_replace(at, mfn, writes, place_of(caller, replacement, false), debt, caller.budget);
        Status removed = mmu.unmap_frame(at, mfn, writes, debt, caller.budget);
        if (removed.ok() || removed.error() == Error::restart) return removed;
        return mmu.unmap_frame(place_of(caller, host_address, true), mfn, writes, debt, caller.budget);
    }

    void finish() {
        debt.pay();
        for (unsigned i = 0; i < count; ++i) {
            end_grant_mapping(ended[i].mapping);
            caller.domain().maptrack.free(ended[i].handle);
        }
        count = 0;
    }

    Caller& caller;
    FlushDebt debt;
    unsigned count = 0;
    struct {
        uint32_t handle;
        GrantMapping mapping;
    } ended[most];
};

Status unmap(GrantUnmapper& unmapper, gnttab_unmap_grant_ref_t& request) {
    return unmapper.end(request.handle, request.host_addr, 0, MachAddr(request.dev_bus_addr));
}

Status unmap_and_replace(GrantUnmapper& unmapper, gnttab_unmap_and_replace_t& request) {
    return unmapper.end(request.handle, request.host_addr, request.new_addr, MachAddr(0));
}

// --- copying: bytes between frames, each the caller's own or granted to it ---

// One side of a copy. What it holds is given back at the end of its life.
class CopySide : NonCopyable {
  public:
    explicit CopySide(bool writes) : writes_(writes) {}
    ~CopySide() {
        if (is_held_) drop_held_frame(frame_, writes_);
        while (uses_) {
            Use& use = used_[--uses_];
            use.granter->grants.end_use(use.reference, writes_);
        }
    }

    Status hold(Caller& caller, const decltype(gnttab_copy_t::source)& end, bool is_granted) {
        if (is_granted)
            return hold_granted(TRY(named_domain(caller, end.domid)), caller.domain().id, GrantRef(end.u.ref));
        if (end.domid != DOMID_SELF) return Error::not_permitted; // others' memory only through their grants
        frame_ = Mfn(end.u.gmfn);
        TRY(hold_frame(frame_, caller.domain().account, writes_));
        is_held_ = true;
        return success;
    }

    // The address of `length` bytes from `offset` on, if all of them may be touched.
    Result<uint8_t*> bytes(uint16_t offset, uint16_t length) const {
        if (offset + uint32_t{length} > page_size || offset < offset_ ||
            offset + uint32_t{length} > offset_ + uint32_t{length_})
            return Error::too_big;
        return to_pointer<uint8_t>(frame_) + offset;
    }

  private:
    static constexpr unsigned most_uses = 2; // a granter may pass on what a third domain granted to it: no longer chain

    Status hold_granted(DomainRef granter, DomId grantee, GrantRef reference) {
        for (;;) {
            GrantUse use = TRY(granter->grants.begin_use(reference, grantee, writes_, false));
            grantee = granter->id;
            used_[uses_++] = {std::move(granter), reference};
            if (!use.is_transitive) {
                frame_ = use.frame;
                offset_ = use.offset;
                length_ = use.length;
                is_held_ = true;
                return success;
            }
            if (uses_ == most_uses) return Error::invalid;
            granter = TRY(domain_table.find(use.via_domain));
            reference = use.via_reference;
        }
    }

    const bool writes_;
    bool is_held_ = false; // the frame, for reading or writing
    Mfn frame_;
    uint16_t offset_ = 0, length_ = page_size; // what may be touched, bytes
    unsigned uses_ = 0;
    struct Use {
        DomainRef granter;
        GrantRef reference;
    } used_[most_uses];
};

Status copy(Caller& caller, gnttab_copy_t& request) {
    if (request.flags & ~(GNTCOPY_source_gref | GNTCOPY_dest_gref)) return Error::invalid;
    CopySide source(false), destination(true);
    TRY(source.hold(caller, request.source, request.flags & GNTCOPY_source_gref));
    TRY(destination.hold(caller, request.dest, request.flags & GNTCOPY_dest_gref));
    const uint8_t* from = TRY(source.bytes(request.source.offset, request.len));
    uint8_t* to = TRY(destination.bytes(request.dest.offset, request.len));
    memmove(to, from, request.len);
    return success;
}

// --- the table itself: the caller's, or that of a domain whose memory it builds ---

template <auto handler, typename Request = std::remove_reference_t<decltype(last_parameter(handler))>>
Status on_table(Caller& caller, Request& request) {
    return on_buildable(caller, request.dom, [&](Domain& domain) { return handler(domain.grants, request); });
}

Status list_frames(GrantTable& grants, auto& request, auto frame_by_index) {
    auto frames = handle_of<uint64_t>(request.frame_list);
    for (uint32_t i = 0; i < request.nr_frames; ++i) TRY(frames.write(TRY((grants.*frame_by_index)(i)).value, i));
    return success;
}

Status setup_table(GrantTable& grants, gnttab_setup_table_t& request) {
    TRY(grants.grow(request.nr_frames));
    return list_frames(grants, request, &GrantTable::shared_frame);
}

Status status_frames(GrantTable& grants, gnttab_get_status_frames_t& request) {
    if (request.nr_frames > grants.status_frame_count()) return Error::invalid;
    return list_frames(grants, request, &GrantTable::status_frame);
}

Status query_size(GrantTable& grants, gnttab_query_size_t& request) {
    (void)grants.grow(1).ok(); // a table has a frame from the first look on, if there is memory
    request.nr_frames = grants.frame_count();
    request.max_nr_frames = grants.frame_limit();
    return success;
}

Status get_version(GrantTable& grants, gnttab_get_version_t& request) {
    request.version = grants.version();
    return success;
}

// Tells the version even when it refuses to change it.
HypercallResult set_version(GrantTable& grants, GuestHandle<void> argument) {
    auto place = argument.as<gnttab_set_version_t>();
    gnttab_set_version_t request;
    TRY(place.read(request));
    Status status = grants.set_version(request.version);
    request.version = grants.version();
    TRY(place.write(request));
    return status;
}

Status swap(Caller& caller, gnttab_swap_grant_ref_t& request) {
    return caller.domain().grants.swap(GrantRef(request.ref_a), GrantRef(request.ref_b));
}

// The caches are coherent on this architecture; what is checked is that the frame may be touched.
Status flush_cache(Caller&, gnttab_cache_flush_t& request) {
    if (request.offset + uint32_t{request.length} > page_size ||
        (request.op & ~(GNTTAB_CACHE_CLEAN | GNTTAB_CACHE_INVAL | GNTTAB_CACHE_SOURCE_GREF)))
        return Error::invalid;
    return request.length && request.op ? Error::not_supported : success;
}

// Refused, each: frames change hands through the allocator only.
Status transfer(Caller&, gnttab_transfer_t&) { return Error::invalid; }

// Performs `handler(context, element)` for the elements of the guest's array: each is read once, and written back with
// its answer. Where that has a status (GNTST_*), an element that is refused does not end the call.
template <auto handler, typename Context>
HypercallResult for_each(Caller& caller, GuestHandle<void> argument, uint32_t count, Context& context) {
    using Element = std::remove_reference_t<decltype(last_parameter(handler))>;
    GuestHandle<Element> elements = argument.as<Element>();
    uint32_t done = 0;
    Status over = caller.work_through(done, count, [&](uint32_t i) -> Status {
        Element element;
        TRY(elements.read(element, i));
        Status status = handler(context, element);
        if constexpr (requires { element.status; })
            if (status.error() != Error::restart) {
                element.status = grant_status(status.error());
                status = success;
            }
        TRY(status);
        return elements.write(element, i);
    });
    if (!over.ok()) (void)caller.continue_with(1, {elements.advanced(done).address().value, count - done});
    return over;
}

template <auto handler> HypercallResult for_one(Caller& caller, GuestHandle<void> argument, uint32_t count) {
    return count == 1 ? for_each<handler>(caller, argument, count, caller) : Error::invalid;
}

template <auto handler>
[[gnu::flatten]] HypercallResult unmap_each(Caller& caller, GuestHandle<void> argument, uint32_t count) {
    GrantUnmapper unmapper(caller);
    return for_each<handler>(caller, argument, count, unmapper);
}

} // namespace

HypercallResult hypercall_grant_table_op(Caller& caller, uint32_t command, GuestHandle<void> argument, uint32_t count) {
    constexpr uint32_t most_elements = 1u << 24;
    if (count > most_elements) return Error::invalid;
    switch (command) {
    case GNTTABOP_map_grant_ref: return for_each<map>(caller, argument, count, caller);
    case GNTTABOP_unmap_grant_ref: return unmap_each<unmap>(caller, argument, count);
    case GNTTABOP_unmap_and_replace: return unmap_each<unmap_and_replace>(caller, argument, count);
    case GNTTABOP_copy: return for_each<copy>(caller, argument, count, caller);
    case GNTTABOP_setup_table: return for_one<on_table<setup_table>>(caller, argument, count);
    case GNTTABOP_get_status_frames: return for_one<on_table<status_frames>>(caller, argument, count);
    case GNTTABOP_query_size: return for_one<on_table<query_size>>(caller, argument, count);
    case GNTTABOP_get_version: return for_each<on_table<get_version>>(caller, argument, count, caller);
    case GNTTABOP_set_version: return count == 1 ? set_version(caller.domain().grants, argument) : Error::invalid;
    case GNTTABOP_swap_grant_ref: return for_each<swap>(caller, argument, count, caller);
    case GNTTABOP_cache_flush: return for_each<flush_cache>(caller, argument, count, caller);
    case GNTTABOP_transfer: return for_each<transfer>(caller, argument, count, caller);
    case GNTTABOP_dump_table:
    default: return Error::no_system_call;
    }
}

} // namespace skerry
