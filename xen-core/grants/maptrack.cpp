// SPDX-License-Identifier: MIT
#include "grants/maptrack.h"

namespace skerry {

Status Maptrack::grow() {
    if (page_count_ == page_limit_) return Error::no_space;
    auto* page = static_cast<GrantMapping*>(allocate_core_pages(account_));
    if (!page) return Error::no_memory;
    pages_[page_count_] = page;
    for (uint32_t i = per_page; i-- > 0;) {
        page[i].reference = free_;
        free_ = page_count_ * per_page + i;
    }
    ++page_count_;
    return success;
}

Result<uint32_t> Maptrack::add(const GrantMapping& mapping) {
    Holding held(lock_);
    if (free_ == no_handle) TRY(grow());
    uint32_t handle = free_;
    GrantMapping& entry = at(handle);
    free_ = entry.reference;
    entry = mapping;
    entry.in_use = true;
    return handle;
}

Result<GrantMapping> Maptrack::take(uint32_t handle) {
    Holding held(lock_);
    if (!exists(handle) || !std::exchange(at(handle).in_use, false)) return Error::not_found;
    return at(handle);
}

void Maptrack::put_back(uint32_t handle, const GrantMapping& mapping) {
    Holding held(lock_);
    at(handle) = mapping;
    at(handle).in_use = true;
}

void Maptrack::free(uint32_t handle) {
    Holding held(lock_);
    at(handle).reference = free_;
    free_ = handle;
}

Result<GrantMapping> Maptrack::take_any() {
    Holding held(lock_);
    for (; sweep_ < page_count_ * per_page; ++sweep_)
        if (std::exchange(at(sweep_).in_use, false)) return at(sweep_);
    return Error::not_found;
}

void Maptrack::free_tables() {
    Holding held(lock_);
    for (; page_count_ > 0; --page_count_) free_core_pages(account_, pages_[page_count_ - 1]);
    free_ = no_handle;
}

} // namespace skerry
