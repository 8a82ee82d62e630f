// SPDX-License-Identifier: MIT
// The free frames of the machine: a buddy allocator, by order (2^order frames, aligned) and by address width; and beside
// it a few blocks of 2 MiB that idle CPUs clear ahead, since that is what domains are built of.
//
// Invariants: a free frame has no owner and no references, and no CPU holds a translation to it (Frame::free covers the
// stamp before the frame comes here; entries to foreign frames are flushed before their reference is dropped). Frames
// reach a new owner zeroed.
// Lock: LockRank::allocator, inside. Anyone may call.
#pragma once

#include "memory/frame.h"

#include <bit>
#include <new>

namespace skerry {

inline constexpr unsigned max_order = 18; // 1 GiB

class Allocator : NonCopyable {
  public:
    constexpr Allocator() = default;

    // boot/: every frame of RAM must be given to one of these two before a guest runs: what the frame table does not
    // know as RAM counts as I/O memory. `add`: RAM and free. The frame table must cover them.
    void add(Mfn first, uint64_t count);
    // boot/: these frames are RAM but xen-core's own for good (its image, tables, modules until add() is called for
    // them).
    void add_core(Mfn first, uint64_t count);

    // 2^order frames for a guest, charged to `account`, each with the owner's `allocated` reference, listed in the
    // account, zeroed, with no M2P entry. All of their addresses are below 2^address_bits. Errors: no_memory; invalid
    // (order).
    Result<Mfn> allocate(Account& account, unsigned order = 0, unsigned address_bits = 64);

    // 2^order frames of xen-core's own (owner core_account: out of every guest's reach), zeroed, charged to `account`
    // as core frames. Errors: no_memory; invalid (order).
    Result<Mfn> allocate_core(Account& account, unsigned order = 0);
    void free_core(Account& account, Mfn first, uint64_t count); // all of a block, or some of its frames

    // One frame that xen-core shares with a guest (shared_info, vcpu_info page, grant frames): owned by `account`,
    // charged as a core frame, held by the returned writable reference, so it can be mapped writable, never become a
    // page table, and never be released by the guest. Freed when the reference and the guest's last mapping are gone.
    // Errors: no_memory.
    Result<WritableRef> allocate_shared(Account& account);

    // For an idle CPU: clears a free frame ahead of its allocation. False: enough are clear, or there is no whole block.
    bool clear_one_frame();

    uint64_t free_frames() const { return free_.load(std::memory_order_relaxed); }
    uint64_t total_frames() const { return total_.load(std::memory_order_relaxed); }

  private:
    friend class Frame;
    static constexpr unsigned zones = 41; // zone z: the greatest frame number of the block needs z bits
    static constexpr unsigned clear_order = 9, most_clear_blocks = 8;

    Result<Mfn> take(Account& charged, Account& owner, uint64_t word, unsigned order, unsigned address_bits = 64);
    Result<Mfn> take_zeroed(unsigned order, unsigned address_bits);
    void give_block(Mfn first, unsigned order);
    // With the lock held:
    bool give_up_clear_block();
    Result<Mfn> take_block(unsigned order, unsigned address_bits = 64);
    void insert(uint64_t first, unsigned order);
    void push(uint64_t first, unsigned order);
    void unlink(uint64_t first, unsigned order);
    static unsigned zone_of(uint64_t first, unsigned order) { return std::bit_width(first + (1ul << order) - 1); }

    Lock<LockRank::allocator> lock_;
    std::atomic<uint64_t> free_{0};
    std::atomic<uint64_t> total_{0};
    uint64_t zones_with_blocks_ = 0;
    uint32_t orders_with_blocks_[zones] = {};
    FrameList blocks_[zones][max_order + 1]; // the last given back is the first taken
    Mfn clear_[most_clear_blocks];           // whole blocks, zeroed, in no list
    unsigned clear_count_ = 0;
    Mfn being_cleared_ = invalid_mfn; // a block in no list, and how much of it is done
    uint64_t cleared_ = 0;
};

inline constinit Allocator allocator;

// Whole pages of xen-core's own, as memory. nullptr when there is none or the account's limit is reached.
void* allocate_core_pages(Account& account, uint64_t pages = 1);
void free_core_pages(Account& account, void* pages, uint64_t count = 1);

// One object of xen-core in pages of its own, charged to the account that caused it. Owns it; move-only.
template <typename T> class CoreBox {
  public:
    static constexpr uint64_t pages = pages_for(sizeof(T));

    CoreBox() = default;
    CoreBox(CoreBox&& other) : object_(std::exchange(other.object_, nullptr)), account_(other.account_) {}
    CoreBox& operator=(CoreBox&& other) {
        std::swap(object_, other.object_);
        std::swap(account_, other.account_);
        return *this;
    }
    ~CoreBox() { reset(); }

    // Errors: no_memory.
    template <typename... Args> static Result<CoreBox> create(Account& account, Args&&... args) {
        static_assert(alignof(T) <= page_size);
        void* memory = allocate_core_pages(account, pages);
        if (!memory) return Error::no_memory;
        CoreBox box;
        box.object_ = new (memory) T(static_cast<Args&&>(args)...);
        box.account_ = &account;
        return box;
    }
    void reset() {
        if (!object_) return;
        object_->~T();
        free_core_pages(*account_, object_, pages);
        object_ = nullptr;
    }

    // The caller keeps the object, and frees its pages in the end.
    T* release() { return std::exchange(object_, nullptr); }

    explicit operator bool() const { return object_; }
    T& operator*() const { return *object_; }
    T* operator->() const { return object_; }
    T* get() const { return object_; }

  private:
    T* object_ = nullptr;
    Account* account_ = nullptr;
};

} // namespace skerry
