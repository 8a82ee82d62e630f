// SPDX-License-Identifier: MIT
// Who may do what to whom: the one place where authority is held and checked.
//
// A right is either over the platform (no target) or over one other domain. The first domain starts with every right;
// any other domain starts with none. It receives rights over the platform from a domain that holds grant_rights; who
// makes a domain has rights over that one, and may pass them on. A check of access to memory that succeeds hands out a
// token (ForeignAccess), which page-table operations take as an argument; only the check below can make one. Sealing a
// domain ends every access to its memory by anyone, for good.
#pragma once

#include "pv_mmu/pv_mmu.h"

namespace skerry {

class Domain;

// Rights without a target.
enum class PlatformRight : uint8_t {
    create_domains, // createdomain; the creator gets control and map_memory over what it created
    grant_rights,   // give or take rights, I/O ports, interrupt lines and I/O memory that it may itself use
    inspect,        // list domains, read scheduler and memory figures of the machine (sysctl, getdomaininfo)
    read_log,       // the hypervisor's log
    write_log,      // console_io output and input while xen-core owns the UART
    set_wall_clock, // platform_op settime
    hardware, // physical interrupts and PCI announcements beyond single lines (physdev_op), machine memory map, CPUs
    count
};

// Rights over one target domain.
enum class TargetRight : uint8_t {
    control,    // pause, unpause, shut down, destroy, scheduling parameters, vCPU counts, memory limit
    map_memory, // populate, map and write its frames, set vCPU contexts: until it is sealed
    count
};

// The rights over the platform that a domain holds.
class Authority {
  public:
    // And every right over every domain, now and later.
    void hold_everything() { platform_ = UINT32_MAX; }
    bool holds_everything() const { return platform_ == UINT32_MAX; }
    bool holds(PlatformRight right) const { return platform_ & bit(right); }
    void set(PlatformRight right, bool held) { platform_ = held ? platform_ | bit(right) : platform_ & ~bit(right); }
    uint32_t held() const { return platform_; } // a bit for each PlatformRight

  private:
    static constexpr uint32_t bit(PlatformRight right) { return uint32_t{1} << static_cast<unsigned>(right); }

    uint32_t platform_ = 0;
};

// Who holds rights over one domain: its maker, and whoever they were passed on to.
class Holders {
  public:
    struct Holder {
        DomId id;
        uint8_t rights;     // a bit for each TargetRight
        uint8_t to_pass_on; // those that it may give to others and take from them
    };
    static constexpr unsigned most = 8;

    // Errors: no_space, `most` domains hold some already.
    Status set(DomId holder, TargetRight right, bool held, bool may_pass_on);
    // The holder is gone: its number may be used again for somebody else.
    void forget(DomId holder) {
        for (unsigned right = 0; right < static_cast<unsigned>(TargetRight::count); ++right)
            (void)set(holder, static_cast<TargetRight>(right), false, false).ok(); // taking needs no space
    }
    template <typename Visit> void for_each(Visit visit) const {
        Holding holding(lock_);
        for (const Holder& one : holders_)
            if (one.rights) visit(one);
    }
    // What the holder has.
    Holder of(DomId holder) const {
        Holder found{};
        for_each([&](const Holder& one) {
            if (one.id == holder) found = one;
        });
        return found;
    }

  private:
    static constexpr uint8_t bit(TargetRight right) { return static_cast<uint8_t>(1u << static_cast<unsigned>(right)); }
    mutable Lock<LockRank::authority> lock_;
    Holder holders_[most]{}; // no rights: unused
};

class AuthorityCheck {
  public:
    // Errors of all: not_permitted, with the refusal named in the log.
    static Status platform(const Domain& caller, PlatformRight right);
    static Status control(const Domain& caller, Domain& target) { return over(caller, TargetRight::control, target); }
    static Status over(const Domain& caller, TargetRight right, const Domain& target, bool to_pass_on = false);
    // To the memory of an unsealed domain that the caller builds, or its own. Also no_such_domain: it is dying.
    static Result<ForeignAccess> memory(const Domain& caller, Domain& target);
};

} // namespace skerry
