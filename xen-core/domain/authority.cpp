// SPDX-License-Identifier: MIT
#include "domain/authority.h"

#include "domain/domain.h"

namespace skerry {

constexpr const char* platform_rights[] = {"create_domains", "grant_rights",   "inspect", "read_log",
                                           "write_log",      "set_wall_clock", "hardware"};
constexpr const char* target_rights[] = {"control", "map_memory"};
static_assert(std::size(platform_rights) == static_cast<size_t>(PlatformRight::count) &&
              std::size(target_rights) == static_cast<size_t>(TargetRight::count));

Status Authority::set(TargetRight right, DomId target, bool held) {
    if (everything_) return success_if(held, Error::invalid); // all or nothing: there is no list to take it from
    Holding holding(lock_);
    unsigned i = index_of(target);
    if (i == count_) {
        if (!held) return success;
        if (count_ == max_targets) return Error::no_space;
        targets_[count_++] = {target, 0};
    }
    uint32_t& rights = targets_[i].rights;
    rights = held ? rights | bit(right) : rights & ~bit(right);
    if (!rights) targets_[i] = targets_[--count_];
    return success;
}

Status AuthorityCheck::platform(const Domain& caller, PlatformRight right) {
    if (likely(caller.authority.holds(right))) return success;
    return refuse(Error::not_permitted, caller.id, "lacks the right %s", platform_rights[static_cast<unsigned>(right)]);
}

Status AuthorityCheck::over(const Domain& caller, TargetRight right, Domain& target) {
    if (likely(caller.authority.holds(right, target.id))) return success;
    return refuse(Error::not_permitted, caller.id, "lacks the right %s over domain %u",
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
