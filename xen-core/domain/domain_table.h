// SPDX-License-Identifier: MIT
// All domains by number. Owns one reference to each; a number is reused only after its domain is gone.
#pragma once

#include "domain/domain.h"

namespace skerry {

class DomainTable : NonCopyable {
  public:
    static constexpr uint32_t limit = DOMID_FIRST_RESERVED; // numbers 0..0x7fef

    // Errors: no_such_domain.
    Result<DomainRef> find(DomId id);
    // The domain with the least number >= `from`; none: empty.
    DomainRef next_from(uint32_t from);

    // `wanted`: that number, or DOMID_INVALID for any free one. Creates, enters and returns it, paused.
    // Errors: exists (taken), no_space, and those of Domain::create.
    Result<DomainRef> create(DomId wanted, const DomainConfig& config);

    // A domain's Domain::destroy() has finished: reap() will look at it.
    void note_destroyed() { destroyed_.fetch_add(1, std::memory_order_relaxed); }
    // Forgets domains that are destroyed and that nobody holds a frame of any more.
    void reap();

  private:
    Result<DomId> choose_number(DomId wanted);

    Lock<LockRank::domain_table> lock_;
    std::atomic<uint32_t> destroyed_{0}; // destroyed, not yet forgotten
    uint32_t last_number_ = 0; // given last; the table is all zeros at start, so it takes no room in the image
    uint32_t highest_ = 0;     // no greater number is in use
    Domain* domains_[limit] = {};
};

extern DomainTable domain_table;

} // namespace skerry
