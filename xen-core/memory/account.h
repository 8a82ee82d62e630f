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
#include "base/log.h"
#include "memory/translation_users.h"

#include <xen/xen.h>

namespace skerry {

class Frame;

// A list that runs through frames, by number. A frame is in one at most: its owner's, or one of the allocator's.
class FrameList {
  public:
    static constexpr uint32_t none = ~0u;

    uint32_t first() const { return first_; } // none: it is empty
    uint32_t last() const { return last_; }
    void append(Frame& frame);
    void remove(Frame& frame);

  private:
    uint32_t first_ = none;
    uint32_t last_ = none;
};

class Account : NonCopyable {
  public:
    enum class Purpose : uint8_t { guest, core };

    // `id` is only for messages and for queries about a frame's owner. Limits in frames.
    constexpr Account(DomId id, uint64_t max_frames, uint64_t max_core_frames)
        : id_(id), counts_{{.limit = max_frames}, {.limit = max_core_frames}} {}

    DomId id() const { return id_; }
    uint64_t frames() const { return count(Purpose::guest).used.load(std::memory_order_relaxed); }
    uint64_t max_frames() const { return count(Purpose::guest).limit.load(std::memory_order_relaxed); }
    uint64_t core_frames() const { return count(Purpose::core).used.load(std::memory_order_relaxed); }
    // May be below frames(): then nothing more can be charged until enough has been given back.
    void set_max_frames(uint64_t limit) { count(Purpose::guest).limit.store(limit, std::memory_order_relaxed); }

    // After this nothing can be charged.
    void start_dying() { dying_.store(true); }
    bool is_dying() const { return dying_.load(std::memory_order_relaxed); }

    // Nothing is charged any more, and nobody is still inside: the account may be destroyed.
    bool is_settled() const {
        Holding held(lock_);
        return frames() == 0 && core_frames() == 0;
    }

    // For the allocator. Errors: no_memory (limit, or dying).
    Status charge(Purpose purpose, uint64_t frames) {
        Holding held(lock_);
        auto& [used, limit] = count(purpose);
        uint64_t used_now = used.load(std::memory_order_relaxed), most = limit.load(std::memory_order_relaxed);
        if (is_dying() || used_now > most || frames > most - used_now) return Error::no_memory;
        used.store(used_now + frames, std::memory_order_relaxed);
        return success;
    }
    void uncharge(Purpose purpose, uint64_t frames) {
        Holding held(lock_);
        ASSERT(count(purpose).used.load(std::memory_order_relaxed) >= frames);
        count(purpose).used.fetch_sub(frames, std::memory_order_release);
    }

    // The frames that carry the account's own (`allocated`) reference or a pin, in the order they were received: what
    // teardown has to visit. invalid_mfn if there is none.
    Mfn first_frame();

    TranslationUsers users;

    // Page-table entries of other accounts that name frames of this one: foreign and grant mappings. Sealing a domain
    // wants none.
    std::atomic<uint64_t> mapped_by_others{0};

    // The L4 slots that ever led from one of the guest's L4 tables to one, a bit each: a walk through them can reach
    // xen-core's own tables, so nothing is read for the guest there (is_guest_readable()).
    std::atomic<uint64_t> linear_slots[8]{};

  private:
    friend class Frame;
    friend class Allocator;
    struct Count {
        std::atomic<uint64_t> used{0}; // written under lock_
        std::atomic<uint64_t> limit;
    };

    Count& count(Purpose purpose) { return counts_[static_cast<unsigned>(purpose)]; }
    const Count& count(Purpose purpose) const { return counts_[static_cast<unsigned>(purpose)]; }
    void enlist(Mfn first, uint64_t frames);
    void delist(Frame& frame);

    const DomId id_;
    std::atomic<bool> dying_{false};
    Count counts_[2];
    mutable Lock<LockRank::account> lock_;
    FrameList listed_;
};

// xen-core's own frames: no guest can reference them.
inline constinit Account core_account{DomId(DOMID_XEN), 0, ~uint64_t{0}};

} // namespace skerry
