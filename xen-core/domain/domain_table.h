// SPDX-License-Identifier: MIT
// All domains by number. Owns one reference to each; a number is reused only after its domain is gone.
#pragma once

#include "domain/domain.h"

namespace skerry {

class DomainTable : NonCopyable {
  public:
    static constexpr uint32_t limit = DOMID_FIRST_RESERVED; // numbers 0..0x7fef

    // Errors: no_such_domain.
    Result<DomainRef> find(DomId id) {
        if (id.value >= limit) return Error::no_such_domain;
        Holding held(lock_);
        if (!domains_[id.value]) return Error::no_such_domain;
        return DomainRef(*domains_[id.value]);
    }
    // The domain with the least number >= `from`; none: empty.
    DomainRef next_from(uint32_t from) {
        Holding held(lock_);
        for (uint32_t number = from; number <= highest_; ++number)
            if (domains_[number]) return DomainRef(*domains_[number]);
        return {};
    }

    // `wanted`: that number, or DOMID_INVALID for any free one. Creates, enters and returns it, paused.
    // Errors: exists (taken), no_space, and those of Domain::create.
    Result<DomainRef> create(DomId wanted, const DomainConfig& config) {
        reap();
        Holding held(lock_);
        DomId id = TRY(choose_number(wanted));
        Domain* domain = TRY(Domain::create(id, config));
        domains_[id.value] = domain;
        highest_ = std::max<uint32_t>(highest_, id.value);
        return DomainRef(*domain);
    }

    // A domain's Domain::destroy() has finished: reap() will look at it.
    void note_destroyed() { destroyed_.fetch_add(1, std::memory_order_relaxed); }
    // Forgets domains that are destroyed and that nobody holds a frame of any more.
    void reap() {
        if (likely(!destroyed_.load(std::memory_order_relaxed))) return;
        for (uint32_t number = 1; number < limit; ++number) {
            DomainRef gone;
            {
                Holding held(lock_);
                Domain* domain = domains_[number];
                if (number > highest_) return;
                if (!domain || !domain->is_gone()) continue;
                domains_[number] = nullptr;
                while (highest_ > 0 && !domains_[highest_]) --highest_;
                gone = DomainRef::adopt(*domain); // the table's reference, dropped outside of the lock
                // The number may come again for somebody else: it gets no rights of this one.
                for (uint32_t target = 0; target <= highest_; ++target)
                    if (domains_[target]) domains_[target]->holders.forget(domain->id);
            }
            destroyed_.fetch_sub(1, std::memory_order_relaxed);
        }
    }

  private:
    // A number is reused as late as possible, so that a stale one rarely names somebody else.
    Result<DomId> choose_number(DomId wanted) {
        if (wanted.value < limit) return domains_[wanted.value] ? Result<DomId>(Error::exists) : Result<DomId>(wanted);
        for (uint32_t tried = 1; tried < limit; ++tried) {
            last_number_ = last_number_ + 1 < limit ? last_number_ + 1 : 1;
            if (!domains_[last_number_]) return DomId(static_cast<uint16_t>(last_number_));
        }
        return Error::no_space;
    }

    Lock<LockRank::domain_table> lock_;
    std::atomic<uint32_t> destroyed_{0}; // destroyed, not yet forgotten
    uint32_t last_number_ = 0; // given last; the table is all zeros at start, so it takes no room in the image
    uint32_t highest_ = 0;     // no greater number is in use
    Domain* domains_[limit] = {};
};

inline constinit DomainTable domain_table;

} // namespace skerry
