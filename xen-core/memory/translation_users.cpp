// SPDX-License-Identifier: MIT
#include "memory/translation_users.h"

namespace skerry {

void TranslationUsers::flush() {
    // The increment is a full fence: a CPU that enters after the set is read below sees all removals made before.
    FlushStamp mine = started_.fetch_add(1, std::memory_order_seq_cst) + 1;
    flush_tlb(cpus_);
    FlushStamp seen = completed_.load(std::memory_order_relaxed);
    while (static_cast<int32_t>(mine - seen) > 0 &&
           !completed_.compare_exchange_weak(seen, mine, std::memory_order_release, std::memory_order_relaxed)) {}
}

} // namespace skerry
