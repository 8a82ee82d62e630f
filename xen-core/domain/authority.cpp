// SPDX-License-Identifier: MIT
#include "domain/authority.h"

#include "base/log.h"
#include "domain/domain.h"

namespace skerry {
namespace {

const char* name_of(PlatformRight right) {
    static constexpr const char* names[] = {"create_domains", "grant_rights",   "inspect", "read_log",
                                            "write_log",      "set_wall_clock", "power",   "hardware"};
    static_assert(sizeof(names) / sizeof(names[0]) == static_cast<unsigned>(PlatformRight::count));
    return names[static_cast<unsigned>(right)];
}

} // namespace

Status Authority::set(TargetRight right, DomId target, bool held) {
    if (everything_) return held ? success : Status(Error::invalid); // all or nothing: there is no list to take it from
    Holding holding(lock_);
    for (unsigned i = 0; i < count_; ++i) {
        if (targets_[i].target != target) continue;
        targets_[i].rights =
            static_cast<uint16_t>(held ? targets_[i].rights | bit(right) : targets_[i].rights & ~bit(right));
        if (!targets_[i].rights) targets_[i] = targets_[--count_];
        return success;
    }
    if (!held) return success;
    if (count_ == max_targets) return Error::no_space;
    targets_[count_++] = {target, static_cast<uint16_t>(bit(right))};
    return success;
}

bool Authority::holds_listed(TargetRight right, DomId target) const {
    Holding holding(lock_);
    for (unsigned i = 0; i < count_; ++i)
        if (targets_[i].target == target) return targets_[i].rights & bit(right);
    return false;
}

void Authority::forget(DomId target) {
    Holding holding(lock_);
    for (unsigned i = 0; i < count_; ++i)
        if (targets_[i].target == target) targets_[i--] = targets_[--count_];
}

ForeignAccess MemoryAccess::foreign() const { return AuthorityCheck::foreign(*domain_); }

ForeignAccess AuthorityCheck::foreign(Domain& domain) { return ForeignAccess(domain.account); }

Status AuthorityCheck::platform(const Domain& caller, PlatformRight right) {
    if (caller.authority.holds(right)) [[likely]]
        return success;
    return refuse(Error::not_permitted, caller.id, "lacks the right %s", name_of(right));
}

Result<Control> AuthorityCheck::control(const Domain& caller, Domain& target) {
    if (caller.authority.holds(TargetRight::control, target.id)) [[likely]]
        return Control(target);
    return refuse(Error::not_permitted, caller.id, "lacks the right control over domain %u", target.id.value);
}

Result<MemoryAccess> AuthorityCheck::memory(const Domain& caller, Domain& target) {
    if (&caller == &target) return MemoryAccess(target);
    if (target.is_dying())
        return Error::no_such_domain; // what would be pinned or mapped now, its teardown might have passed already
    if (target.is_sealed) return refuse(Error::not_permitted, caller.id, "domain %u is sealed", target.id.value);
    if (caller.authority.holds(TargetRight::map_memory, target.id)) [[likely]]
        return MemoryAccess(target);
    return refuse(Error::not_permitted, caller.id, "lacks the right map_memory over domain %u", target.id.value);
}

} // namespace skerry
