// SPDX-License-Identifier: MIT
// Who may do what to whom: the one place where authority is held and checked.
//
// A right is either over the platform (no target) or over one other domain. The first domain starts with every right;
// any other domain starts with none and receives rights at creation or later from a domain that holds grant_rights. A
// check of access to memory that succeeds hands out a token (ForeignAccess), which page-table operations take as an
// argument; only the check below can make one. Sealing a domain ends every access to its memory by anyone, for good.
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
    hardware,       // physical interrupts and PCI announcements beyond single lines (physdev_op), machine memory map
    count
};

// Rights over one target domain.
enum class TargetRight : uint8_t {
    control,    // pause, unpause, shut down, destroy, scheduling parameters, vCPU counts, memory limit
    map_memory, // populate, map and write its frames, set vCPU contexts: until it is sealed
    count
};

class Authority {
  public:
    static constexpr unsigned max_targets = 64;

    void hold_everything() { everything_ = true; }
    bool holds(PlatformRight right) const { return everything_ || (platform_ & bit(right)); }
    bool holds(TargetRight right, DomId target) const { return everything_ || holds_listed(right, target); }

    void set(PlatformRight right, bool held) { platform_ = held ? platform_ | bit(right) : platform_ & ~bit(right); }
    // Errors: no_space when rights over max_targets domains are already held; invalid: taking one from who holds
    // everything.
    Status set(TargetRight right, DomId target, bool held);
    // The target is gone: its number may be used again for somebody else.
    void forget(DomId target) {
        Holding holding(lock_);
        if (unsigned i = index_of(target); i < count_) targets_[i] = targets_[--count_];
    }

  private:
    template <typename Right> static constexpr uint32_t bit(Right right) {
        return uint32_t{1} << static_cast<unsigned>(right);
    }
    bool holds_listed(TargetRight right, DomId target) const {
        Holding holding(lock_);
        unsigned i = index_of(target);
        return i < count_ && targets_[i].rights & bit(right);
    }
    // count_: not listed
    unsigned index_of(DomId target) const {
        unsigned i = 0;
        while (i < count_ && targets_[i].target != target) ++i;
        return i;
    }

    struct Target {
        DomId target;
        uint32_t rights;
    };

    bool everything_ = false;
    uint32_t platform_ = 0;
    mutable Lock<LockRank::authority> lock_; // of the list
    unsigned count_ = 0;
    Target targets_[max_targets]{};
};

class AuthorityCheck {
  public:
    // Errors of all: not_permitted, with the refusal named in the log.
    static Status platform(const Domain& caller, PlatformRight right);
    static Status control(const Domain& caller, Domain& target) { return over(caller, TargetRight::control, target); }
    // To the memory of an unsealed domain that the caller builds, or its own. Also no_such_domain: it is dying.
    static Result<ForeignAccess> memory(const Domain& caller, Domain& target);

  private:
    static Status over(const Domain& caller, TargetRight right, Domain& target);
};

} // namespace skerry
