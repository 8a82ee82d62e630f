// SPDX-License-Identifier: MIT
#include "builder-domain/create/rights.h"

#include <minios/control_operations.h>

#include <algorithm>
#include <cstring>

namespace skerry::builder {
namespace {

namespace control = minios::control;
using control::SetRight;

constexpr size_t none = std::size(control::platform_rights);

// Not rights by themselves: control over domains that the platform fills in as they come (platform/start.cpp).
constexpr std::string_view filled_in[] = {control_services, control_guests};

bool is_filled_in(std::string_view name) {
    return std::find(std::begin(filled_in), std::end(filled_in), name) != std::end(filled_in);
}

size_t number_of(std::string_view name) {
    size_t number = 0;
    while (number < none && name != control::platform_rights[number]) ++number;
    return number;
}

Status set_right(Hypervisor& hypervisor, DomId domain, const SetRight& wish, const char* doing) {
    xen_domctl_t operation{};
    operation.cmd = control::set_right;
    operation.domain = domain.value;
    std::memcpy(&operation.u, &wish, sizeof(wish));
    return check(hypervisor.domctl(operation), doing);
}

Status give(Hypervisor& hypervisor, DomId domain, std::string_view name) {
    BUILDER_TRY(set_right(hypervisor, domain,
                          {SetRight::over_platform, static_cast<uint8_t>(number_of(name)), SetRight::given, 0, 0},
                          "giving it a right"));
    if (name != "read_log") return {};
    // Who may read the log is told when it grows.
    xen_domctl_t operation{};
    operation.cmd = XEN_DOMCTL_set_virq_handler;
    operation.domain = domain.value;
    operation.u.set_virq_handler.virq = VIRQ_CON_RING;
    return check(hypervisor.domctl(operation), "telling it when the log grows");
}

} // namespace

Status check_rights(const DomainDescription& description) {
    for (std::string_view name : description.rights)
        if (number_of(name) == none && !is_filled_in(name)) return Failure() << "there is no right `" << name << "`";
    return {};
}

Status give_rights(Hypervisor& hypervisor, DomId domain, const DomainDescription& description) {
    for (std::string_view name : description.rights)
        if (!is_filled_in(name)) BUILDER_TRY(give(hypervisor, domain, name));
    return {};
}

bool has_right(const DomainDescription& description, std::string_view name) {
    return std::find(description.rights.begin(), description.rights.end(), name) != description.rights.end();
}

Status give_control(Hypervisor& hypervisor, DomId domain, DomId target) {
    return set_right(hypervisor, domain, {SetRight::over_domain, control::over_life, SetRight::given, 0, target.value},
                     "giving control over it");
}

Status take_maker_rights(Hypervisor& hypervisor, DomId domain, DomId target) {
    for (uint8_t right : {control::over_memory, control::over_life})
        BUILDER_TRY(set_right(hypervisor, domain, {SetRight::over_domain, right, SetRight::taken, 0, target.value},
                              "giving up control over it"));
    return {};
}

bool is_building(Hypervisor& hypervisor, DomId holder, DomId target) {
    xen_domctl_t operation{};
    operation.cmd = control::get_rights;
    operation.domain = target.value;
    if (hypervisor.domctl(operation) < 0) return false;
    control::GetRights rights;
    std::memcpy(&rights, &operation.u, sizeof(rights));
    for (uint32_t i = 0; i < rights.holder_count && i < std::size(rights.holders); ++i)
        if (rights.holders[i].id == holder.value && (rights.holders[i].rights >> control::over_memory & 1)) return true;
    return false;
}

} // namespace skerry::builder
