// SPDX-License-Identifier: MIT
// The rights that a description may give to a domain. This file and rights.cpp are all that knows how they are given.
#pragma once

#include "builder-domain/base/result.h"
#include "builder-domain/create/failures.h"
#include "builder-domain/create/hypervisor.h"
#include "builder-domain/description/description.h"

namespace skerry::builder {

// Refuses a right that does not exist, before anything is built.
Status check_rights(const DomainDescription& description);

Status give_rights(Hypervisor& hypervisor, DomId domain, const DomainDescription& description);

// What a description may ask for beside rights: control over the services of the platform, and over all other domains. give_rights() leaves them to the platform, which knows who these are.
inline constexpr std::string_view control_services = "control_services", control_guests = "control_guests";
bool has_right(const DomainDescription& description, std::string_view name);

// Pausing, ending, scheduling: everything over `target` but reaching its memory.
Status give_control(Hypervisor& hypervisor, DomId domain, DomId target);
// Takes from `domain`, which may be the caller, what a domain's maker has over it.
Status take_maker_rights(Hypervisor& hypervisor, DomId domain, DomId target);

// Can `holder` write the memory of `target`? Then it made it, and has not handed it over yet.
bool is_building(Hypervisor& hypervisor, DomId holder, DomId target);

// Calls visit(id) -> Status for each domain there is; up to the first failure.
template <typename Visit> Status for_each_domain(Hypervisor& hypervisor, Visit visit) {
    constexpr unsigned batch = 16;
    static xen_domctl_getdomaininfo_t list[batch]; // static because the hypervisor writes to it
    for (domid_t first = 0;;) {
        xen_sysctl_t question{};
        question.cmd = XEN_SYSCTL_getdomaininfolist;
        question.u.getdomaininfolist.first_domain = first;
        question.u.getdomaininfolist.max_domains = batch;
        set_xen_guest_handle(question.u.getdomaininfolist.buffer, list);
        BUILDER_TRY(check(hypervisor.sysctl(question), "listing domains"));
        unsigned found = question.u.getdomaininfolist.num_domains;
        for (unsigned i = 0; i < found; ++i) BUILDER_TRY(visit(DomId(list[i].domain)));
        if (found < batch) return {};
        first = static_cast<domid_t>(list[batch - 1].domain + 1);
    }
}

} // namespace skerry::builder
