// SPDX-License-Identifier: MIT
#include "memory/allocator.h"

#include "memory/frame_table.h"

#include <algorithm>

namespace skerry {

// --- free blocks ---

void Allocator::push(uint64_t first, unsigned order) {
    unsigned zone = zone_of(first, order);
    Frame& pushed = frame(Mfn(first));
    pushed.queue_next_ = order + 1;
    blocks_[zone][order].append(pushed);
    orders_with_blocks_[zone] |= 1u << order;
    zones_with_blocks_ |= uint64_t{1} << zone;
}

void Allocator::unlink(uint64_t first, unsigned order) {
    unsigned zone = zone_of(first, order);
    Frame& removed = frame(Mfn(first));
    removed.queue_next_ = 0;
    blocks_[zone][order].remove(removed);
    if (blocks_[zone][order].first() != FrameList::none) return;
    orders_with_blocks_[zone] &= ~(1u << order);
    if (!orders_with_blocks_[zone]) zones_with_blocks_ &= ~(uint64_t{1} << zone);
}

Result<Mfn> Allocator::take_block(unsigned order, unsigned address_bits) {
    if (address_bits <= page_shift) return Error::no_memory;
    unsigned top_zone = address_bits - page_shift;
    uint64_t usable = zones_with_blocks_;
    if (top_zone < 63) usable &= (uint64_t{2} << top_zone) - 1;
    while (usable) {
        // The highest zone first: low memory is what narrow devices need.
        unsigned zone = static_cast<unsigned>(std::bit_width(usable)) - 1;
        uint32_t orders = orders_with_blocks_[zone] >> order;
        if (!orders) {
            usable &= ~(uint64_t{1} << zone);
            continue;
        }
        unsigned found = order + static_cast<unsigned>(std::countr_zero(orders));
        uint64_t first = blocks_[zone][found].last();
        unlink(first, found);
        while (found > order) {
            --found;
            push(first, found); // keep the upper half, give back the lower
            first += uint64_t{1} << found;
        }
        return Mfn(first);
    }
    return Error::no_memory;
}

void Allocator::insert(uint64_t first, unsigned order) {
    for (; order < max_order; ++order) {
        uint64_t buddy = first ^ (uint64_t{1} << order);
        if (buddy > max_mfn_value) break;
        Frame& other = frame(Mfn(buddy));
        // Only the head of a free block of this very order qualifies.
        if (!other.word().is_ram() || other.owner() || other.queue_next_ != order + 1) break;
        unlink(buddy, order);
        first &= ~(uint64_t{1} << order);
    }
    push(first, order);
}

void Allocator::give_block(Mfn mfn, unsigned order) {
    Holding held(lock_);
    for (uint64_t i = 0; i < uint64_t{1} << order; ++i) {
        Frame& given = frame(mfn + i);
        given.word_.store(FrameWord::ram, std::memory_order_relaxed);
        given.queue_next_ = 0;
        given.owner_.store(nullptr, std::memory_order_relaxed);
    }
    insert(mfn.value, order);
    free_.fetch_add(uint64_t{1} << order, std::memory_order_relaxed);
}

// --- blocks that idle CPUs clear ---

bool Allocator::clear_one_frame() {
    Holding held(lock_);
    if (being_cleared_ == invalid_mfn) {
        Result<Mfn> block = clear_count_ < most_clear_blocks ? take_block(clear_order) : Error::no_memory;
        if (!block.ok()) return false;
        being_cleared_ = block.value();
        cleared_ = 0;
    }
    __builtin_memset(to_pointer(being_cleared_ + cleared_), 0, page_size);
    if (++cleared_ == uint64_t{1} << clear_order) clear_[clear_count_++] = std::exchange(being_cleared_, invalid_mfn);
    return true;
}

// Makes one of these blocks like all others. False: there is none.
bool Allocator::give_up_clear_block() {
    Mfn block = std::exchange(being_cleared_, invalid_mfn);
    if (block == invalid_mfn && clear_count_) block = clear_[--clear_count_];
    if (block != invalid_mfn) insert(block.value, clear_order);
    return block != invalid_mfn;
}

Result<Mfn> Allocator::take_zeroed(unsigned order, unsigned address_bits) {
    Result<Mfn> taken = Error::no_memory;
    {
        Holding held(lock_);
        bool is_clear = order == clear_order && address_bits >= 64 && clear_count_;
        if (is_clear) taken = clear_[--clear_count_];
        while (!taken.ok() && !(taken = take_block(order, address_bits)).ok())
            if (!give_up_clear_block()) return taken;
        free_.fetch_sub(uint64_t{1} << order, std::memory_order_relaxed);
        if (is_clear) return taken;
    }
    __builtin_memset(to_pointer(taken.value()), 0, page_size << order);
    return taken;
}

void Allocator::add(Mfn first, uint64_t count) {
    ASSERT(count == 0 || first.value + count - 1 <= max_mfn_value);
    while (count) {
        // The greatest block that is aligned and not too long.
        unsigned order = std::min({max_order, static_cast<unsigned>(std::countr_zero(first.value)),
                                   static_cast<unsigned>(std::bit_width(count)) - 1});
        uint64_t size = uint64_t{1} << order;
        for (uint64_t i = 0; i < size; ++i)
            ASSERT(!frame(first + i).word().raw || frame(first + i).owner() == &core_account);
        total_.fetch_add(size, std::memory_order_relaxed);
        give_block(first, order);
        first = first + size;
        count -= size;
    }
}

void Allocator::add_core(Mfn first, uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) {
        Frame& added = frame(first + i);
        ASSERT(!added.word().raw);
        added.start_life(core_account, FrameWord::one_reference);
    }
}

// --- frames for accounts ---

// A block that starts its life as `word` says, zeroed. Frames that the owner may give up are its guest's own memory;
// all others are xen-core's.
[[gnu::always_inline]] inline Result<Mfn> Allocator::take(Account& charged, Account& owner, uint64_t word,
                                                          unsigned order, unsigned address_bits) {
    if (order > max_order) return Error::invalid;
    const uint64_t count = uint64_t{1} << order;
    const auto purpose = word & FrameWord::allocated ? Account::Purpose::guest : Account::Purpose::core;
    TRY(charged.charge(purpose, count));
    Result<Mfn> block = take_zeroed(order, address_bits);
    if (!block.ok()) {
        charged.uncharge(purpose, count);
        return block;
    }
    Mfn first = block.value();
    if (word & FrameWord::allocated) owner.enlist(first, count);
    for (uint64_t i = 0; i < count; ++i) {
        clear_m2p(first + i);
        frame(first + i).start_life(owner, word | FrameWord::one_reference);
    }
    return first;
}

// A fresh frame counts as last used for writing: no translation to it exists, so that is as good as none.
Result<Mfn> Allocator::allocate(Account& account, unsigned order, unsigned address_bits) {
    return take(account, account, FrameWord::allocated | FrameWord::of(FrameType::writable), order, address_bits);
}

Result<Mfn> Allocator::allocate_core(Account& account, unsigned order) { return take(account, core_account, 0, order); }

Result<WritableRef> Allocator::allocate_shared(Account& account) {
    constexpr uint64_t word = FrameWord::core | FrameWord::of(FrameType::writable) | FrameWord::one_use;
    return WritableRef::adopt(frame(TRY(take(account, account, word, 0))));
}

void Allocator::free_core(Account& account, Mfn first, uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) {
        Frame& freed = frame(first + i);
        ASSERT(freed.owner() == &core_account && freed.word().references() == 1 && !freed.word().uses());
        give_block(first + i, 0);
    }
    account.uncharge(Account::Purpose::core, count);
}

// --- xen-core's own objects ---

void* allocate_core_pages(Account& account, uint64_t pages) {
    const auto order = static_cast<unsigned>(std::bit_width(pages - 1));
    Mfn first = TRY_AS(allocator.allocate_core(account, order), nullptr);
    allocator.free_core(account, first + pages, (uint64_t{1} << order) - pages); // what was rounded up
    return to_pointer(first);
}

void free_core_pages(Account& account, void* pages, uint64_t count) {
    if (pages) allocator.free_core(account, frame_of_pointer(pages), count);
}

} // namespace skerry
