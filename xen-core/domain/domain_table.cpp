// SPDX-License-Identifier: MIT
#include "domain/domain_table.h"

namespace skerry {

DomainTable domain_table;

DomainRef::~DomainRef() {
    if (!domain_ || domain_->references_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    domain_->~Domain();
    free_core_pages(core_account, domain_, CoreBox<Domain>::pages);
}

Result<DomainRef> DomainTable::find(DomId id) {
    if (id.value >= limit) return Error::no_such_domain;
    Holding held(lock_);
    if (!domains_[id.value]) return Error::no_such_domain;
    return DomainRef(*domains_[id.value]);
}

DomainRef DomainTable::next_from(uint32_t from) {
    Holding held(lock_);
    for (uint32_t number = from; number <= highest_; ++number)
        if (domains_[number]) return DomainRef(*domains_[number]);
    return {};
}

// A number is reused as late as possible, so that a stale one rarely names somebody else.
Result<DomId> DomainTable::choose_number(DomId wanted) {
    if (wanted.value < limit) return domains_[wanted.value] ? Result<DomId>(Error::exists) : Result<DomId>(wanted);
    for (uint32_t tried = 1; tried < limit; ++tried) {
        last_number_ = last_number_ + 1 < limit ? last_number_ + 1 : 1;
        if (!domains_[last_number_]) return DomId(static_cast<uint16_t>(last_number_));
    }
    return Error::no_space;
}

Result<DomainRef> DomainTable::create(DomId wanted, const DomainConfig& config) {
    reap();
    Holding held(lock_);
    DomId id = TRY(choose_number(wanted));
    Domain* domain = TRY(Domain::create(id, config));
    domains_[id.value] = domain;
    highest_ = std::max<uint32_t>(highest_, id.value);
    return DomainRef(*domain);
}

void DomainTable::reap() {
    if (!destroyed_.load(std::memory_order_relaxed)) [[likely]]
        return;
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
            // The number may come again for somebody else: nobody keeps rights over it.
            for (uint32_t holder = 0; holder <= highest_; ++holder)
                if (domains_[holder]) domains_[holder]->authority.forget(domain->id);
        }
        destroyed_.fetch_sub(1, std::memory_order_relaxed);
    }
}

} // namespace skerry
