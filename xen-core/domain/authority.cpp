// SPDX-License-Identifier: MIT
#include "domain/authority.h"

#include "domain/domain.h"

namespace skerry {

constexpr const char* platform_rights[] = {"create_domains", "grant_rights",   "inspect", "read_log",
                                           "write_log",      "set_wall_clock", "hardware"};
constexpr const char* target_rights[] = {"control", "map_memory"};
static_assert(std::size(platform_rights) == static_cast<size_t>(PlatformRight::count) &&
              std::size(target_rights) == static_cast<size_t>(TargetRight::count));

Holders::Holder Holders::of(DomId holder) const {
    Holding holding(lock_);
    for (const Holder& one : holders_)
        if (one.rights && one.id == holder) return one;
    return {};
}

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

unsigned Holders::list(Holder (&to)[most]) const {
    Holding holding(lock_);
    return static_cast<unsigned>(
        std::copy_if(holders_, holders_ + most, to, [](const Holder& one) { return one.rights; }) - to);
}

Status AuthorityCheck::platform(const Domain& caller, PlatformRight right) {
    if (LIKELY(caller.authority.holds(right))) return success;
    return refuse(Error::not_permitted, caller.id, "lacks the right %s", platform_rights[static_cast<unsigned>(right)]);
}

Status AuthorityCheck::over(const Domain& caller, TargetRight right, Domain& target) {
    if (LIKELY(caller.authority.holds_everything() || target.holders.has(caller.id, right))) return success;
    return refuse(Error::not_permitted, caller.id, "lacks the right %s over domain %u",
                  target_rights[static_cast<unsigned>(right)], target.id.value);
}

Status AuthorityCheck::passing_on(const Domain& caller, TargetRight right, Domain& target) {
    if (caller.authority.holds_everything() || target.holders.may_pass_on(caller.id, right)) return success;
    return refuse(Error::not_permitted, caller.id, "may not pass on the right %s over domain %u",
                  target_rights[static_cast<unsigned>(right)], target.id.value);
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
