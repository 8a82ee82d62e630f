// SPDX-License-Identifier: MIT
#include "builder-domain/create/rights.h"

#include "builder-domain/create/failures.h"

#include <cstring>

namespace skerry::builder {
namespace {

// Skerry's domctl that gives a right or takes it away; Xen answers ENOSYS. Rights without a target are of kind 0, and
// their numbers are those of xen-core's list (docs/abi.md).
constexpr uint32_t domctl_set_right = 0x5ea2;

struct SetRight {
    uint8_t kind;
    uint8_t right;
    uint8_t held;
    uint8_t padding;
    domid_t target;
};
static_assert(sizeof(SetRight) == 6 && sizeof(SetRight) <= sizeof(xen_domctl::u));

constexpr std::string_view names[] = {"create_domains", "grant_rights",   "inspect", "read_log",
                                      "write_log",      "set_wall_clock", "hardware"};
constexpr size_t none = sizeof(names) / sizeof(names[0]);

size_t number_of(std::string_view name) {
    size_t number = 0;
    while (number < none && names[number] != name) ++number;
    return number;
}

Status give(Hypervisor& hypervisor, DomId domain, std::string_view name) {
    xen_domctl_t operation{};
    operation.cmd = domctl_set_right;
    operation.domain = domain.value;
    SetRight wish{.kind = 0, .right = static_cast<uint8_t>(number_of(name)), .held = 1, .padding = 0, .target = 0};
    std::memcpy(&operation.u, &wish, sizeof(wish));
    BUILDER_TRY(check(hypervisor.domctl(operation), "giving it a right"));
    if (name != "read_log") return {};
    // Who may read the log is told when it grows.
    operation = {};
    operation.cmd = XEN_DOMCTL_set_virq_handler;
    operation.domain = domain.value;
    operation.u.set_virq_handler.virq = VIRQ_CON_RING;
    return check(hypervisor.domctl(operation), "telling it when the log grows");
}

} // namespace

Status check_rights(const DomainDescription& description) {
    for (std::string_view name : description.rights)
        if (number_of(name) == none) return Failure() << "there is no right `" << name << "`";
    return {};
}

Status give_rights(Hypervisor& hypervisor, DomId domain, const DomainDescription& description) {
    for (std::string_view name : description.rights) BUILDER_TRY(give(hypervisor, domain, name));
    return {};
}

} // namespace skerry::builder
