// SPDX-License-Identifier: MIT
// Pages of segment descriptors: in use as such, every descriptor in them is one that the guest may have, and the guest
// cannot write them but through update_descriptor.
#include "arch/x86_64/direct_map.h"
#include "pv_mmu/descriptor_rules.h"
#include "pv_mmu/page_use.h"
#include "pv_mmu/pv_mmu.h"

namespace skerry {

namespace {

// In units of WorkBudget: 512 descriptors.
constexpr int32_t page_work = 32;

bool judge_all(Mfn page) {
    uint64_t* descriptors = to_pointer<uint64_t>(page);
    for (unsigned i = 0; i < page_size / sizeof(uint64_t); ++i) {
        uint64_t judged = descriptors[i];
        if (!rules::judge_descriptor(judged)) return false;
        if (judged != descriptors[i]) descriptors[i] = judged;
    }
    return true;
}

} // namespace

Status PvMmu::take_descriptor_page(Mfn mfn, WorkBudget& budget) {
    Holding held(lock_);
    TRY_STATUS(drain(budget));
    Frame* page = find_frame(mfn);
    if (!page || page->owner() != &account_) return Error::invalid;
    if (!budget.spend(page_work)) return Error::restart;
    switch (page_use::begin(*page, FrameType::segment_descriptors, account_)) {
    case page_use::Begun::added: return success;
    case page_use::Begun::other_change: enqueue(*page); return Error::restart;
    case page_use::Begun::fresh: break;
    default: log_refusal(account_.id(), "descriptor page %lx: in use otherwise", mfn.value); return Error::invalid;
    }
    if (!judge_all(mfn)) {
        page_use::end(*page);
        log_refusal(account_.id(), "descriptor page %lx: a descriptor is refused", mfn.value);
        return Error::invalid;
    }
    page_use::complete(*page);
    return success;
}

void PvMmu::release_descriptor_page(Mfn mfn) {
    Holding held(lock_);
    release_descriptor_page_locked(mfn);
}

void PvMmu::release_descriptor_page_locked(Mfn mfn) {
    Frame& page = frame(mfn);
    ASSERT(page.owner() == &account_ && page.word().is_used_as(FrameType::segment_descriptors));
    if (page_use::drop_use(page, account_.users.stamp())) page_use::end(page); // it holds nothing
}

Status PvMmu::update_descriptor(MachAddr place, uint64_t descriptor, WorkBudget& budget) {
    Holding held(lock_);
    TRY_STATUS(drain(budget));
    Frame* page = find_frame(frame_of(place));
    if (place.value % sizeof(uint64_t) || !page || page->owner() != &account_ || !rules::judge_descriptor(descriptor)) {
        log_refusal(account_.id(), "update_descriptor of %lx with %lx: refused", place.value, descriptor);
        return Error::invalid;
    }
    if (page->word().is_used_as(FrameType::segment_descriptors)) {
        __atomic_store_n(to_pointer<uint64_t>(place), descriptor, __ATOMIC_RELAXED);
        return success;
    }
    if (is_page_table(page->word().type()) && page->word().is_in_transition()) {
        enqueue(*page);
        return Error::restart;
    }
    return update_plain_memory(*page, place, descriptor);
}

} // namespace skerry
