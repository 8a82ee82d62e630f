// SPDX-License-Identifier: MIT
#include "domain/authority.h"

#include "domain/domain.h"

namespace skerry {

constexpr const char* platform_rights[] = {"create_domains", "grant_rights",   "inspect", "read_log",
                                           "write_log",      "set_wall_clock", "hardware"};
constexpr const char* target_rights[] = {"control", "map_memory"};
static_assert(std::size(platform_rights) == static_cast<size_t>(PlatformRight::count) &&
              std::size(target_rights) == static_cast<size_t>(TargetRight::count));

Status Holders::set(DomId holder, TargetRight right, bool held, bool may_pass_on) {
    Holding holding(lock_);
    Holder* place = nullptr;
    for (Holder& one : holders_)
        if (one.rights ? one.id == holder : !place) place = &one;
    if (!place) return success_if(!held, Error::no_space);
    if (!place->rights) *place = {holder, 0, 0};
    auto change = [&](uint8_t& rights, bool on) {
        rights = static_cast<uint8_t>(on ? rights | bit(right) : rights & ~bit(right));
    };
    change(place->rights, held);
    change(place->to_pass_on, held && may_pass_on);
    return success;
}

Status AuthorityCheck::platform(const Domain& caller, PlatformRight right) {
    if (LIKELY(caller.authority.holds(right))) return success;
    return refuse(Error::not_permitted, caller.id, "lacks the right %s", platform_rights[static_cast<unsigned>(right)]);
}

Status AuthorityCheck::over(const Domain& caller, TargetRight right, const Domain& target, bool to_pass_on) {
    Holders::Holder held = target.holders.of(caller.id);
    unsigned rights = to_pass_on ? held.to_pass_on : held.rights, number = static_cast<unsigned>(right);
    if (LIKELY(caller.authority.holds_everything() || rights & 1u << number)) return success;
    return refuse(Error::not_permitted, caller.id, "lacks the right %s over domain %u%s", target_rights[number],
                  target.id.value, to_pass_on ? " to pass on" : "");
}

Result<ForeignAccess> AuthorityCheck::memory(const Domain& caller, Domain& target) {
    if (&caller == &target) return ForeignAccess(target.account);
    if (target.is_dying())
        return Error::no_such_domain; // what would be pinned or mapped now, its teardown might have passed already
    if (target.is_sealed) return refuse(Error::not_permitted, caller.id, "domain %u is sealed", target.id.value);
    TRY(over(caller, TargetRight::map_memory, target));
    return ForeignAccess(target.account);
}

} // namespace skerry
