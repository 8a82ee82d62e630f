// SPDX-License-Identifier: MIT
// What pv_mmu asks of the domain whose page tables it keeps, and the token by which it may map frames of another
// account.
#pragma once

#include "base/types.h"
#include "memory/account.h"

namespace skerry {

// Implemented by domain/. Called with the pv_mmu lock held: answer at once, take no lock of a lower rank.
class PvMmuHost {
  public:
    // May this domain map these frames, which are not RAM?
    virtual bool may_map_io(Mfn first, uint64_t count) const = 0;
    // May its L1 entries set PWT, PCD and PAT (on Xen: a domain with any I/O memory or ports)?
    virtual bool may_set_cache_attributes() const = 0;
    // A read-only mapping of a segment-descriptor page went away: forget the LDT pages that were mapped on demand, on
    // all vCPUs, by calling PvMmu::release_descriptor_page_locked for each.
    virtual void forget_ldt_pages() = 0;

  protected:
    ~PvMmuHost() = default;
};

// Proof that entries of this call may map frames of `account` instead of the domain's own. Only the rights check makes
// one.
class ForeignAccess {
  public:
    Account& account() const { return *account_; }

  private:
    friend class AuthorityCheck;
    explicit ForeignAccess(Account& account) : account_(&account) {}
    Account* account_;
};

} // namespace skerry
