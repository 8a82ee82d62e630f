// SPDX-License-Identifier: MIT
// One frame of RAM: who owns it, how often it is referenced, and as what it is used. The heart of memory safety.
//
// Everything that decides lives in ONE 64-bit word, changed by compare-and-swap only:
//
//   bits  0-29  references: everything that needs the frame to stay what it is (owner, entries, grants, tokens)
//   bits 30-55  uses of its current type (each use also holds a reference); during a transition: progress
//   bits 56-58  FrameType
//   bit  59     transition: the frame is between two uses; nobody uses it as anything, and nobody can start to
//   bit  60     pinned: the guest's pin holds one use
//   bit  61     allocated: the owner's own reference (given back by decrease_reservation or teardown)
//   bit  62     core: charged as a core frame of its owner (shared_info, grant frames)
//   bit  63     RAM that the frame table manages; clear in holes
//
// Invariants: uses <= references. uses > 0 means that every use is of `type`. A type with no uses is only a memory:
// stale translations may still use the frame as that, so taking it as another type first covers its stamp
// (memory/translation_users.h). A page-table type in transition: the first `progress` entries of the table hold
// references, the others do not; that state holds one reference of its own. References can only be taken while there is
// one; when the last goes, the frame is free. `owner` changes only while there are no references.
//
// Locks: general references and writable uses are lock-free, from any CPU. Page-table and segment-descriptor types come
// and go only under the owner's pv_mmu lock (pv_mmu/page_use.h).
#pragma once

#include "base/owned.h"
#include "memory/account.h"

namespace skerry {

enum class FrameType : uint8_t { none, writable, l1, l2, l3, l4, segment_descriptors };

constexpr bool is_page_table(FrameType type) { return type >= FrameType::l1 && type <= FrameType::l4; }
constexpr FrameType table_type(unsigned level) { return static_cast<FrameType>(level + 1); } // level 1..4
constexpr unsigned table_level(FrameType type) { return static_cast<unsigned>(type) - 1; }

// The word, as a value.
struct FrameWord {
    static constexpr unsigned use_shift = 30;
    static constexpr unsigned type_shift = 56;
    static constexpr uint64_t one_reference = 1;
    static constexpr uint64_t reference_mask = (uint64_t{1} << use_shift) - 1;
    static constexpr uint64_t reference_guard = uint64_t{1} << (use_shift - 1); // no more references once this is set
    static constexpr uint64_t one_use = uint64_t{1} << use_shift;
    static constexpr uint64_t one_held_use = one_use + one_reference; // a use holds a reference
    static constexpr uint64_t use_mask = ((uint64_t{1} << type_shift) - 1) & ~reference_mask;
    static constexpr uint64_t use_guard = uint64_t{1} << (type_shift - 1); // no more uses once this is set
    static constexpr uint64_t type_mask = uint64_t{7} << type_shift;
    static constexpr uint64_t transition = uint64_t{1} << 59;
    static constexpr uint64_t pinned = uint64_t{1} << 60;
    static constexpr uint64_t allocated = uint64_t{1} << 61;
    static constexpr uint64_t core = uint64_t{1} << 62;
    static constexpr uint64_t ram = uint64_t{1} << 63;

    uint64_t raw = 0;

    static constexpr uint64_t of(FrameType type) { return static_cast<uint64_t>(type) << type_shift; }
    static constexpr uint64_t uses_of(uint64_t n) { return n << use_shift; }

    constexpr uint32_t references() const { return raw & reference_mask; }
    constexpr uint32_t uses() const { return is_in_transition() ? 0 : use_field(); }
    constexpr uint32_t progress() const { return use_field(); } // meaningful in transition
    constexpr FrameType type() const { return static_cast<FrameType>((raw & type_mask) >> type_shift); }
    constexpr bool is_in_transition() const { return raw & transition; }
    constexpr bool is_pinned() const { return raw & pinned; }
    constexpr bool is_allocated() const { return raw & allocated; }
    constexpr bool is_ram() const { return raw & ram; }
    // In use as `t` and nothing else, complete.
    constexpr bool is_used_as(FrameType t) const {
        return (raw & (type_mask | transition)) == of(t) && (raw & use_mask);
    }

  private:
    constexpr uint32_t use_field() const { return static_cast<uint32_t>((raw & use_mask) >> use_shift); }
};

class Frame : NonCopyable {
  public:
    FrameWord word() const { return FrameWord{word_.load(std::memory_order_acquire)}; }
    // Stable while the caller holds a reference. nullptr: a hole or a free frame.
    Account* owner() const { return owner_.load(std::memory_order_relaxed); }
    Mfn mfn() const;

    // Takes a reference, if the frame is `expected`'s. False: it is not, or it has 2^29 references.
    [[nodiscard]] bool try_reference(const Account& expected) {
        return try_take<FrameWord::reference_guard, 0, FrameWord::one_reference>(expected);
    }
    // Takes a reference and a writable use. False: as above, or the frame is in use as something else.
    [[nodiscard]] bool try_writable_use(const Account& expected) {
        constexpr uint64_t tested =
            FrameWord::type_mask | FrameWord::transition | FrameWord::reference_guard | FrameWord::use_guard;
        if (try_take<tested, FrameWord::of(FrameType::writable), FrameWord::one_held_use>(expected)) [[likely]]
            return true;
        return try_writable_use_slowly(expected);
    }

    // Give back. The last reference frees the frame: the caller must not touch it afterwards.
    void drop_reference() { give_back(FrameWord::one_reference); }
    void drop_writable_use() { give_back(FrameWord::one_held_use); }
    // Gives back the owner's own reference (decrease_reservation, exchange, teardown). False: it had none.
    // Frames of a domain go through PvMmu::release_frame. A pinned frame stays listed until clear_pin().
    [[nodiscard]] bool release_allocation() {
        uint64_t old = word_.load(std::memory_order_relaxed);
        do {
            if (!(old & FrameWord::allocated)) return false;
        } while (!word_.compare_exchange_weak(old, old & ~FrameWord::allocated, std::memory_order_acq_rel));
        if (!(old & FrameWord::pinned)) owner()->delist(*this);
        drop_reference();
        return true;
    }

    // pv_mmu only, under its lock: the pin mark goes; its use is still to be dropped.
    void clear_pin() {
        uint64_t old = word_.fetch_and(~FrameWord::pinned, std::memory_order_acq_rel);
        if (!(old & FrameWord::allocated)) owner()->delist(*this);
    }

    // A translation to this frame was removed from a table of its owner: only under the owner's pv_mmu lock.
    void note_translation_removed(FlushStamp now) { stamp_ = now; }

    // For pv_mmu/page_use.h only: the one place that moves frames between uses.
    std::atomic<uint64_t>& word_for_transition() { return word_; }
    FlushStamp stamp() const { return stamp_; }
    uint32_t queue_next() const { return queue_next_; }
    void set_queue_next(uint32_t number) { queue_next_ = number; }
    // Of a table in use or being promoted: how many of its entries lead to other tables of its level; or, below 0, how
    // many entries of such tables lead here. Never both (docs/pv-mmu.md, "Linear page tables").
    int32_t linear_balance() const { return static_cast<int32_t>(queue_next_); }
    void add_to_linear_balance(int32_t change) { queue_next_ += static_cast<uint32_t>(change); }

  private:
    friend class Allocator;
    friend class FrameList;
    // Adds `counts` to a word that has references and, of the bits `tested`, just the `wanted` ones. The owner is
    // looked at before, so that nobody can disturb another's frame even for a moment, and after, when it can no longer
    // change.
    template <uint64_t tested, uint64_t wanted, uint64_t counts> bool try_take(const Account& expected) {
        uint64_t old = word_.load(std::memory_order_relaxed);
        if (UNLIKELY(owner() != &expected)) return false;
        do {
            if ((old & tested) != wanted || !(old & FrameWord::reference_mask)) [[unlikely]]
                return false;
        } while (!word_.compare_exchange_weak(old, old + counts, std::memory_order_acq_rel, std::memory_order_relaxed));
        if (owner() == &expected) [[likely]]
            return true;
        give_back(counts);
        return false;
    }
    void give_back(uint64_t counts) {
        uint64_t left = word_.fetch_sub(counts, std::memory_order_acq_rel) - counts;
        if (!(left & FrameWord::reference_mask)) free();
    }
    [[gnu::cold, gnu::noinline]] bool try_writable_use_slowly(const Account& expected);
    void start_life(Account& owner, uint64_t word) {
        stamp_ = owner.users.covered_stamp();
        owner_.store(&owner, std::memory_order_relaxed);
        word_.store(FrameWord::ram | word, std::memory_order_release);
    }
    [[gnu::cold, gnu::noinline]] void free();

    std::atomic<uint64_t> word_{0};
    std::atomic<Account*> owner_{nullptr};
    uint32_t next_ = 0; // in the FrameList of the owner, or of the allocator
    uint32_t previous_ = 0;
    FlushStamp stamp_ = 0;
    uint32_t queue_next_ =
        0; // in a queue of pv_mmu; in use as a table: linear_balance(); in a free block: its order + 1
};
static_assert(sizeof(Frame) == 32);

// Holding one proves that the frame stays owned by whom it was taken from, and cannot be reused.
using FrameRef = Owned<Frame, &Frame::drop_reference>;
// The same with a writable use: while held, the frame cannot become a page table or a descriptor page.
using WritableRef = Owned<Frame, &Frame::drop_writable_use>;

// References to a frame of `owner`. Errors: invalid (not RAM, free, or another owner's); the writable form also busy
// (in use as a page table or descriptor page). Any CPU, no lock needed.
Result<FrameRef> take_reference(Mfn mfn, const Account& owner);
Result<WritableRef> take_writable(Mfn mfn, const Account& owner);

// The one or the other, for whom keeps the books (grants: a frame number, and whether it is written). Errors: busy.
Status hold_frame(Mfn mfn, const Account& owner, bool writes);
void drop_held_frame(Mfn mfn, bool writes);

} // namespace skerry
