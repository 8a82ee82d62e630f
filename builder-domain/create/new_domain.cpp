// SPDX-License-Identifier: MIT
#include "builder-domain/create/new_domain.h"

#include "builder-domain/create/failures.h"

#include <minios/control_operations.h>

#include <algorithm>
#include <cstring>

namespace skerry::builder {
namespace {

// What libxl gives a guest that asks for nothing special; the grant table's size is the hypervisor's default.
constexpr uint32_t highest_port = 1023;
constexpr uint32_t highest_grant_version = 2;

long domain_call(Hypervisor& hypervisor, DomId domain, uint32_t command) {
    xen_domctl_t operation{};
    operation.cmd = command;
    operation.domain = domain.value;
    return hypervisor.domctl(operation);
}

// Handles tell domains apart for operators: ours say who built them and which one it is.
void name_handle(xen_domain_handle_t& handle, std::string_view name) {
    static_assert(sizeof(handle) == 16);
    std::memset(handle, 0, sizeof(handle));
    std::memcpy(handle, name.data(), std::min(name.size(), sizeof(handle)));
}

} // namespace

NewDomain::~NewDomain() {
    if (id_.value != 0) domain_call(hypervisor_, id_, XEN_DOMCTL_destroydomain);
}

Status NewDomain::create(const DomainDescription& description, DomId wanted) {
    xen_domctl_t operation{};
    operation.cmd = XEN_DOMCTL_createdomain;
    operation.domain = wanted.value;
    auto& create = operation.u.createdomain;
    name_handle(create.handle, description.name);
    create.max_vcpus = description.vcpus;
    create.max_evtchn_port = highest_port;
    create.max_grant_frames = -1;
    create.max_maptrack_frames = -1;
    create.grant_opts = XEN_DOMCTL_GRANT_version(highest_grant_version);
    BUILDER_TRY(check(hypervisor_.domctl(operation), "creating it"));
    id_ = DomId(operation.domain);

    operation = {};
    operation.cmd = XEN_DOMCTL_max_vcpus;
    operation.domain = id_.value;
    operation.u.max_vcpus.max = description.vcpus;
    BUILDER_TRY(check(hypervisor_.domctl(operation), "giving it vCPUs"));

    operation = {};
    operation.cmd = XEN_DOMCTL_max_mem;
    operation.domain = id_.value;
    operation.u.max_mem.max_memkb = std::max(description.memory_pages, description.max_memory_pages) * 4;
    BUILDER_TRY(check(hypervisor_.domctl(operation), "setting its memory limit"));
    return description.max_memory_pages > description.memory_pages ? tell_memory(description.max_memory_pages)
                                                                   : Status();
}

/// A guest looks into its memory map for how much it may grow; without one Linux allows for 8 MiB.
Status NewDomain::tell_memory(uint64_t pages) {
    struct Entry { // of an e820 map, as XENMEM_memory_map has it
        uint64_t address, size;
        uint32_t kind;
    } __attribute__((packed)) entry{0, pages * 4096, 1};
    xen_foreign_memory_map_t map{};
    map.domid = id_.value;
    map.map.nr_entries = 1;
    set_xen_guest_handle_raw(map.map.buffer, &entry);
    return check(hypervisor_.memory_op(XENMEM_set_memory_map, &map), "telling it how much memory it may have");
}

std::optional<Port> NewDomain::plan_channel(DomId remote) {
    if (!remotes_.push(remote)) return std::nullopt;
    return Port(static_cast<uint32_t>(remotes_.size()));
}

Status NewDomain::offer_channels() {
    evtchn_alloc_unbound_t channel{};
    channel.dom = id_.value;
    for (size_t i = 0; i < remotes_.size(); ++i) {
        channel.remote_dom = remotes_[i].value;
        BUILDER_TRY(check(hypervisor_.event_channel_op(EVTCHNOP_alloc_unbound, &channel), "offering an event channel"));
        if (channel.port != i + 1)
            return Failure() << "offering an event channel: it got number " << channel.port << ", not " << i + 1;
    }
    return {};
}

DomId NewDomain::release() {
    DomId id = id_;
    id_ = DomId(0);
    return id;
}

Status seal_domain(Hypervisor& hypervisor, DomId domain) {
    return check(domain_call(hypervisor, domain, minios::control::seal), "sealing it");
}

Status unpause_domain(Hypervisor& hypervisor, DomId domain) {
    return check(domain_call(hypervisor, domain, XEN_DOMCTL_unpausedomain), "starting it");
}

Status destroy_domain(Hypervisor& hypervisor, DomId domain) {
    long result = domain_call(hypervisor, domain, XEN_DOMCTL_destroydomain);
    return minios::error_of(result) == minios::Error::no_such_process ? Status() : check(result, "destroying it");
}

} // namespace skerry::builder
