// SPDX-License-Identifier: MIT
// grant_table_op: arrays of grant operations (<xen/grant_table.h>). A call whose budget is spent continues at the next
// element.
#include "hypercalls/dispatch.h"
#include "hypercalls/grant_calls.h"

namespace skerry {
namespace {

// Each element is read once, handled, and written back with its answer.
template <typename T, typename F>
HypercallResult for_each_element(Caller& caller, GuestHandle<void> argument, uint32_t count, F&& handle_element) {
    GuestHandle<T> elements = argument.as<T>();
    for (uint32_t i = 0; i < count; ++i) {
        Status status = success;
        T element;
        if (i > 0 && caller.budget.is_spent())
            status = Error::restart;
        else if (status = elements.read(element, i); status.ok())
            status = handle_element(element);
        if (status.ok()) status = elements.write(element, i);
        if (!status.ok()) {
            caller.arguments.value[1] = elements.advanced(i).address().value;
            caller.arguments.value[2] = count - i;
            return status.error();
        }
        (void)caller.budget.spend();
    }
    return 0;
}

// The domain of a query or set-up: the caller, or one whose memory it builds.
Result<DomainRef> table_owner(Caller& caller, domid_t number) { return buildable_domain(caller, number); }

HypercallResult setup_table(Caller& caller, GuestHandle<void> argument, uint32_t count) {
    if (count != 1) return Error::invalid;
    auto handle = argument.as<gnttab_setup_table_t>();
    gnttab_setup_table_t request;
    TRY_STATUS(handle.read(request));
    auto set_up = [&]() -> Status {
        DomainRef domain = TRY(table_owner(caller, request.dom));
        TRY_STATUS(domain->grants.grow(request.nr_frames));
        for (uint32_t i = 0; i < request.nr_frames; ++i) {
            uint64_t frame = TRY(domain->grants.shared_frame(i)).value;
            TRY_STATUS(handle_of<uint64_t>(request.frame_list).write(frame, i));
        }
        return success;
    };
    Status done = set_up();
    request.status = grant_status(done.error());
    TRY_STATUS(handle.write(request));
    return 0;
}

HypercallResult status_frames(Caller& caller, GuestHandle<void> argument, uint32_t count) {
    if (count != 1) return Error::invalid;
    auto handle = argument.as<gnttab_get_status_frames_t>();
    gnttab_get_status_frames_t request;
    TRY_STATUS(handle.read(request));
    auto list = [&]() -> Status {
        DomainRef domain = TRY(table_owner(caller, request.dom));
        if (request.nr_frames > domain->grants.status_frame_count()) return Error::invalid;
        for (uint32_t i = 0; i < request.nr_frames; ++i) {
            uint64_t frame = TRY(domain->grants.status_frame(i)).value;
            TRY_STATUS(handle_of<uint64_t>(request.frame_list).write(frame, i));
        }
        return success;
    };
    Status done = list();
    request.status = grant_status(done.error());
    TRY_STATUS(handle.write(request));
    return 0;
}

Status query_size(Caller& caller, gnttab_query_size_t& request) {
    Result<DomainRef> domain = table_owner(caller, request.dom);
    request.status = grant_status(domain.error());
    if (domain.ok()) {
        (void)domain.value()->grants.grow(1).ok(); // a table has a frame from the first look on, if there is memory
        request.nr_frames = domain.value()->grants.frame_count();
        request.max_nr_frames = domain.value()->grants.frame_limit();
    }
    return success;
}

Status get_version(Caller& caller, gnttab_get_version_t& request) {
    DomainRef domain = TRY(table_owner(caller, request.dom));
    request.version = domain->grants.version();
    return success;
}

HypercallResult set_version(Caller& caller, GuestHandle<void> argument, uint32_t count) {
    if (count != 1) return Error::invalid;
    auto handle = argument.as<gnttab_set_version_t>();
    gnttab_set_version_t request;
    TRY_STATUS(handle.read(request));
    Status status = caller.domain.grants.set_version(request.version);
    request.version = caller.domain.grants.version();
    TRY_STATUS(handle.write(request));
    TRY_STATUS(status);
    return 0;
}

// The caches are coherent on this architecture; what is checked is that the frame may be touched.
Status flush_cache(Caller& caller, gnttab_cache_flush_t& request) {
    if (request.offset + uint32_t{request.length} > page_size ||
        (request.op & ~(GNTTAB_CACHE_CLEAN | GNTTAB_CACHE_INVAL | GNTTAB_CACHE_SOURCE_GREF)))
        return Error::invalid;
    (void)caller;
    return Error::not_supported;
}

template <typename Request, Status (GrantUnmapper::*operation)(Request&)>
HypercallResult unmap_all(Caller& caller, GuestHandle<void> argument, uint32_t count) {
    GrantUnmapper unmapper(caller);
    return for_each_element<Request>(caller, argument, count, [&](Request& request) {
        if (unmapper.is_full()) unmapper.finish();
        return (unmapper.*operation)(request);
    });
}

} // namespace

HypercallResult hypercall_grant_table_op(Caller& caller, uint32_t command, GuestHandle<void> argument, uint32_t count) {
    constexpr uint32_t most_elements = 1u << 24;
    if (count > most_elements) return Error::invalid;
    switch (command) {
    case GNTTABOP_map_grant_ref:
        return for_each_element<gnttab_map_grant_ref_t>(caller, argument, count,
                                                        [&](auto& request) { return map_grant(caller, request); });
    case GNTTABOP_unmap_grant_ref:
        return unmap_all<gnttab_unmap_grant_ref_t, &GrantUnmapper::unmap>(caller, argument, count);
    case GNTTABOP_unmap_and_replace:
        return unmap_all<gnttab_unmap_and_replace_t, &GrantUnmapper::unmap_and_replace>(caller, argument, count);
    case GNTTABOP_copy:
        return for_each_element<gnttab_copy_t>(caller, argument, count, [&](auto& request) {
            copy_grant(caller, request);
            return success;
        });
    case GNTTABOP_setup_table: return setup_table(caller, argument, count);
    case GNTTABOP_get_status_frames: return status_frames(caller, argument, count);
    case GNTTABOP_query_size:
        return for_each_element<gnttab_query_size_t>(caller, argument, count,
                                                     [&](auto& request) { return query_size(caller, request); });
    case GNTTABOP_get_version:
        return for_each_element<gnttab_get_version_t>(caller, argument, count,
                                                      [&](auto& request) { return get_version(caller, request); });
    case GNTTABOP_set_version: return set_version(caller, argument, count);
    case GNTTABOP_swap_grant_ref:
        return for_each_element<gnttab_swap_grant_ref_t>(caller, argument, count, [&](auto& request) {
            Status status = caller.domain.grants.swap(GrantRef(request.ref_a), GrantRef(request.ref_b));
            request.status = grant_status(status.error());
            return success;
        });
    case GNTTABOP_cache_flush:
        return for_each_element<gnttab_cache_flush_t>(caller, argument, count,
                                                      [&](auto& request) { return flush_cache(caller, request); });
    case GNTTABOP_transfer: // refused, each: frames change hands through the allocator only
        return for_each_element<gnttab_transfer_t>(caller, argument, count, [](auto& request) {
            request.status = GNTST_general_error;
            return success;
        });
    case GNTTABOP_dump_table:
    default: return Error::no_system_call;
    }
}

} // namespace skerry
