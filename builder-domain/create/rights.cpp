// SPDX-License-Identifier: MIT
#include "builder-domain/create/rights.h"

#include <algorithm>
#include <cstring>

namespace skerry::builder {
namespace {

// Skerry's domctl that gives a right or takes it away; Xen answers ENOSYS. Rights without a target are of kind 0, and
// their numbers are those of xen-core's list (docs/abi.md).
constexpr uint32_t domctl_set_right = 0x5ea2;
constexpr uint8_t target_control = 0, target_map_memory = 1; // rights over one domain, of kind 1

struct SetRight {
    uint8_t kind;
    uint8_t right;
    uint8_t held;
    uint8_t padding = 0;
    domid_t target = 0;
};
static_assert(sizeof(SetRight) == 6 && sizeof(SetRight) <= sizeof(xen_domctl::u));

constexpr std::string_view names[] = {"create_domains", "grant_rights",   "inspect", "read_log",
                                      "write_log",      "set_wall_clock", "hardware"};
constexpr size_t none = sizeof(names) / sizeof(names[0]);

// Not rights by themselves: control over domains that the platform fills in as they come (platform/start.cpp).
constexpr std::string_view filled_in[] = {control_services, control_guests};

bool is_filled_in(std::string_view name) {
    return std::find(std::begin(filled_in), std::end(filled_in), name) != std::end(filled_in);
}

size_t number_of(std::string_view name) {
    size_t number = 0;
    while (number < none && names[number] != name) ++number;
    return number;
}

Status set_right(Hypervisor& hypervisor, DomId domain, const SetRight& wish, const char* doing) {
    xen_domctl_t operation{};
    operation.cmd = domctl_set_right;
    operation.domain = domain.value;
    std::memcpy(&operation.u, &wish, sizeof(wish));
    return check(hypervisor.domctl(operation), doing);
}

Status give(Hypervisor& hypervisor, DomId domain, std::string_view name) {
    BUILDER_TRY(set_right(hypervisor, domain, {.kind = 0, .right = static_cast<uint8_t>(number_of(name)), .held = 1},
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
    return set_right(hypervisor, domain, {.kind = 1, .right = target_control, .held = 1, .target = target.value},
                     "giving control over it");
}

Status take_maker_rights(Hypervisor& hypervisor, DomId domain, DomId target) {
    for (uint8_t right : {target_map_memory, target_control})
        BUILDER_TRY(set_right(hypervisor, domain, {.kind = 1, .right = right, .held = 0, .target = target.value},
                              "giving up control over it"));
    return {};
}

} // namespace skerry::builder
