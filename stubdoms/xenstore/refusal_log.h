// SPDX-License-Identifier: MIT
// Says which quota of which domain was used up, but not more often than an operator can read.
#pragma once

#include "store/quotas.h"
#include "store/tree.h"

#include <map>
#include <utility>

namespace skerry::xenstore {

class RefusalLog {
  public:
    /// True: say it now; `before` is how often it was left unsaid since the last time. `now`: nanoseconds.
    bool note(DomainId domain, Quota quota, std::uint64_t now, std::uint32_t& before) {
        Entry& entry = entries_[{domain, quota}];
        if (entry.said && now - entry.when < interval) {
            ++entry.unsaid;
            return false;
        }
        before = entry.unsaid;
        entry = {true, now, 0};
        return true;
    }
    void forget(DomainId domain) {
        entries_.erase(entries_.lower_bound({domain, Quota{}}), entries_.upper_bound({domain, Quota::total}));
    }

  private:
    static constexpr std::uint64_t interval = 10'000'000'000;
    struct Entry {
        bool said = false;
        std::uint64_t when = 0;
        std::uint32_t unsaid = 0;
    };
    std::map<std::pair<DomainId, Quota>, Entry> entries_;
};

} // namespace skerry::xenstore
