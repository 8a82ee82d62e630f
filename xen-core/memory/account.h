// SPDX-License-Identifier: MIT
// An account owns frames: whose they are, how many it may have, and which CPUs may hold translations made from its
// tables. A domain has one; xen-core itself has one (core_account); frames that are not RAM belong to nobody and are
// reached as I/O memory. An account knows nothing of domains.
//
// Two counts, each with its limit: `frames` are the guest's own memory (what ABI calls tot_pages, max_pages);
// `core_frames` are xen-core's pages held on this account's behalf (tables, shared pages).
//
// Invariants: every frame whose `owner` is this account is counted in exactly one of the two; frames() also counts
// those that are only kept alive by other domains' references. An account may be destroyed when is_settled().
//
// Lock: LockRank::account, taken inside. Anyone may call; dying is for good.
#pragma once

#include "base/lock.h"
#include "base/result.h"
#include "memory/translation_users.h"

namespace skerry {

class Frame;

class Account : NonCopyable {
  public:
    // `id` is only for messages and for queries about a frame's owner. Limits in frames.
    constexpr Account(DomId id, uint64_t max_frames, uint64_t max_core_frames)
        : id_(id), max_frames_(max_frames), max_core_frames_(max_core_frames) {}

    DomId id() const { return id_; }
    uint64_t frames() const { return frames_.load(std::memory_order_relaxed); }
    uint64_t max_frames() const { return max_frames_.load(std::memory_order_relaxed); }
    uint64_t core_frames() const { return core_frames_.load(std::memory_order_relaxed); }
    uint64_t max_core_frames() const { return max_core_frames_; }
    // May be below frames(): then nothing more can be charged until enough has been given back.
    void set_max_frames(uint64_t limit) { max_frames_.store(limit, std::memory_order_relaxed); }

    // After this nothing can be charged.
    void start_dying() { dying_.store(true); }
    bool is_dying() const { return dying_.load(std::memory_order_relaxed); }

    // Nothing is charged any more, and nobody is still inside: the account may be destroyed.
    bool is_settled() const;

    // For the allocator and for those that keep books of their own. Errors: no_memory (limit, or dying).
    Status charge(uint64_t frames);
    void uncharge(uint64_t frames);
    Status charge_core(uint64_t frames);
    void uncharge_core(uint64_t frames);

    // The frames that carry the account's own (`allocated`) reference or a pin, in the order they were received: what
    // teardown has to visit, and XEN_DOMCTL_getmemlist. first_frame: invalid_mfn if there is none.
    Mfn first_frame();
    // Copies up to `room` listed frame numbers, starting with the `skip`-th; returns how many.
    uint64_t list_frames(uint64_t* numbers, uint64_t room, uint64_t skip);

    TranslationUsers users;

    // Page-table entries of other accounts that name frames of this one: foreign and grant mappings. Sealing a domain
    // wants none.
    std::atomic<uint64_t> mapped_by_others{0};

  private:
    friend class Frame;
    friend class Allocator;
    static constexpr uint32_t nothing = ~0u;

    void enlist(uint64_t first, uint64_t count);
    void delist(Frame& frame);

    const DomId id_;
    std::atomic<bool> dying_{false};
    std::atomic<uint64_t> frames_{0}; // written under lock_
    std::atomic<uint64_t> max_frames_;
    std::atomic<uint64_t> core_frames_{0}; // written under lock_
    const uint64_t max_core_frames_;
    mutable Lock<LockRank::account> lock_;
    uint32_t first_ = nothing; // the list runs through the frames, by number
    uint32_t last_ = nothing;
};

// xen-core's own frames: no guest can reference them.
extern Account core_account;

} // namespace skerry
