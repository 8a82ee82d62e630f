// SPDX-License-Identifier: MIT
// The range always ends in a sentinel: a used block of header size, which moves when the range grows.
#include "heap_arena.h"

namespace minios {

void HeapArena::start(void* base, Grow grow, Shrink shrink, Broken broken) {
    base_ = static_cast<char*>(base);
    grow_ = grow;
    shrink_ = shrink;
    broken_ = broken;
}

/// Sizes are multiples of 16; below 256 each has a list of its own in class 0, above each power of two has 16 lists.
void HeapArena::bin_of(std::size_t size, unsigned& first, unsigned& second) {
    if (size < 256) {
        first = 0;
        second = static_cast<unsigned>(size / 16);
        return;
    }
    const unsigned top = 63 - static_cast<unsigned>(__builtin_clzll(size));
    first = top - 7;
    second = static_cast<unsigned>(size >> (top - 4)) & 15;
}

void HeapArena::insert(Block* b) {
    unsigned first, second;
    bin_of(size(b), first, second);
    b->next_free = bins_[first][second];
    b->last_free = nullptr;
    if (b->next_free != nullptr) b->next_free->last_free = b;
    bins_[first][second] = b;
    first_map_ |= std::uint64_t{1} << first;
    second_map_[first] = static_cast<std::uint16_t>(second_map_[first] | 1u << second);
}

void HeapArena::remove(Block* b) {
    unsigned first, second;
    bin_of(size(b), first, second);
    if (b->last_free != nullptr ? b->last_free->next_free != b : bins_[first][second] != b)
        fail("free list does not hold the block", b);
    if (b->last_free != nullptr)
        b->last_free->next_free = b->next_free;
    else
        bins_[first][second] = b->next_free;
    if (b->next_free != nullptr) b->next_free->last_free = b->last_free;
    if (bins_[first][second] == nullptr) {
        second_map_[first] = static_cast<std::uint16_t>(second_map_[first] & ~(1u << second));
        if (second_map_[first] == 0) first_map_ &= ~(std::uint64_t{1} << first);
    }
}

/// A free block of at least `size` from the first list whose every block is large enough.
HeapArena::Block* HeapArena::find(std::size_t size) {
    if (size >= 256) size += (std::size_t{1} << (63 - __builtin_clzll(size) - 4)) - 1; // round up to the next list
    unsigned first, second;
    bin_of(size, first, second);
    if (first >= classes) return nullptr;
    unsigned seconds = second_map_[first] & (0xffffu << second);
    if (seconds == 0) {
        const std::uint64_t firsts = first + 1 < classes ? first_map_ & (~std::uint64_t{0} << (first + 1)) : 0;
        if (firsts == 0) return nullptr;
        first = static_cast<unsigned>(__builtin_ctzll(firsts));
        seconds = second_map_[first];
    }
    return bins_[first][__builtin_ctz(seconds)];
}

bool HeapArena::grow(std::size_t wanted) {
    // Enough that the new block satisfies find()'s rounding too.
    std::size_t more = wanted + wanted / 16 + 2 * header;
    more = (more + growth - 1) & ~(growth - 1);
    if (more < wanted || !grow_(more)) return false;
    Block* b;
    if (reached_ == 0) {
        b = reinterpret_cast<Block*>(base_);
        b->before = 0;
        b->size = more - header;
    } else {
        b = reinterpret_cast<Block*>(base_ + reached_ - header); // the old sentinel
        b->size = more;
    }
    reached_ += more;
    Block* sentinel = after(b);
    sentinel->before = size(b);
    sentinel->size = header;
    give(b);
    return true;
}

/// Joins a block that nobody uses with free neighbours and puts it into its list.
void HeapArena::give(Block* b) {
    std::size_t total = size(b);
    if (Block* next = after(b); is_free(next)) {
        remove(next);
        total += size(next);
    }
    if (b->before != 0) {
        Block* before = reinterpret_cast<Block*>(reinterpret_cast<char*>(b) - b->before);
        if (is_free(before)) {
            remove(before);
            total += size(before);
            b = before;
        }
    }
    b->size = total | 1;
    after(b)->before = total;
    insert(b);
}

/// Gives most of a large free block at the end back; growth steps are kept so that the range stays a multiple of them.
void HeapArena::trim(Block* last) {
    const std::size_t total = size(last), excess = (total - growth) & ~(growth - 1);
    if (!shrink_(excess)) return; // it is free all the same
    remove(last);
    last->size = (total - excess) | 1;
    Block* sentinel = after(last);
    sentinel->before = total - excess;
    sentinel->size = header;
    insert(last);
    reached_ -= excess;
}

/// Takes the first `wanted` bytes of a free block, or all of it. No neighbour is free, so what is left need not be joined
/// with any; a large block mostly stays in its list.
void HeapArena::take(Block* b, std::size_t wanted) {
    const std::size_t total = size(b), left = total - wanted;
    if (left < smallest) {
        remove(b);
        b->size = total;
        return;
    }
    Block* rest = reinterpret_cast<Block*>(reinterpret_cast<char*>(b) + wanted);
    rest->before = wanted;
    rest->size = left | free_bit;
    after(rest)->before = left;
    unsigned first, second, rest_first, rest_second;
    bin_of(total, first, second);
    bin_of(left, rest_first, rest_second);
    if (first == rest_first && second == rest_second && bins_[first][second] == b) {
        rest->next_free = b->next_free;
        rest->last_free = nullptr;
        if (rest->next_free != nullptr) rest->next_free->last_free = rest;
        bins_[first][second] = rest;
    } else {
        remove(b);
        insert(rest);
    }
    b->size = wanted;
}

/// Cuts what is behind `wanted` off a used block.
void HeapArena::split(Block* b, std::size_t wanted) {
    const std::size_t total = size(b);
    if (total - wanted < smallest) return;
    b->size = wanted;
    Block* rest = after(b);
    rest->before = wanted;
    rest->size = total - wanted;
    after(rest)->before = total - wanted;
    give(rest);
}

void HeapArena::give_kept() {
    const auto give_one = [this](Block* b) {
        if ((b->size & ~kept_bit) != size(b)) fail("header of a freed block overwritten", b);
        b->size &= ~kept_bit;
        give_back(b);
    };
    for (Kept& kept : kept_) {
        for (; kept.first != nullptr; --kept.count) {
            Block* b = kept.first;
            kept.first = b->next_free;
            give_one(b);
        }
    }
    if (Block* b = kept_other_; b != nullptr) {
        kept_other_ = nullptr;
        give_one(b);
    }
}

/// A free block of at least that size; what is kept is joined before the range grows. nullptr: it may not grow.
HeapArena::Block* HeapArena::find_or_grow(std::size_t wanted) {
    Block* b = find(wanted);
    if (b != nullptr) return b;
    give_kept();
    b = find(wanted);
    if (b == nullptr && grow(wanted)) b = find(wanted);
    return b;
}

/// Not from the kept blocks of small sizes.
void* HeapArena::allocate_any(std::size_t bytes) {
    if (bytes > largest) return nullptr;
    const std::size_t wanted = block_size(bytes);
    if (Block* b = kept_other_; b != nullptr && b->size == (wanted | kept_bit)) {
        kept_other_ = nullptr;
        return use(b, wanted);
    }
    Block* b = find_or_grow(wanted);
    if (b == nullptr) return nullptr;
    if (!is_free(b) || size(b) < wanted) fail("block in a free list is not free", b);
    take(b, wanted);
    return use(b, b->size);
}

void* HeapArena::allocate_aligned(std::size_t boundary, std::size_t bytes) {
    if (boundary <= alignment) return allocate(bytes);
    if (boundary > (std::size_t{1} << 40) || (boundary & (boundary - 1)) != 0 || bytes > largest) return nullptr;
    void* p = allocate(bytes + boundary + smallest);
    if (p == nullptr) return nullptr;
    const auto at = reinterpret_cast<std::uintptr_t>(p);
    Block* b = block_of(p);
    if (at % boundary != 0) {
        // The aligned address must leave room for a block in front.
        const std::uintptr_t aligned = (at + smallest + boundary - 1) & ~(boundary - 1);
        const std::size_t front = aligned - at, total = size(b);
        Block* inner = block_of(reinterpret_cast<void*>(aligned));
        inner->before = front;
        inner->size = total - front;
        after(inner)->before = total - front;
        b->size = front;
        in_use_ -= front;
        give(b);
        b = inner;
    }
    in_use_ -= size(b);
    split(b, block_size(bytes));
    in_use_ += size(b);
    return reinterpret_cast<char*>(b) + header;
}

bool HeapArena::release_end() {
    if (reached_ == 0) return false;
    const std::size_t before = reached_;
    give_kept();
    Block* sentinel = reinterpret_cast<Block*>(base_ + reached_ - header);
    if (sentinel->before >= 2 * growth)
        if (auto* last = reinterpret_cast<Block*>(reinterpret_cast<char*>(sentinel) - sentinel->before); is_free(last))
            trim(last);
    return reached_ < before;
}

/// Joins a used block with free neighbours, and trims the range's end if that is large now.
void HeapArena::give_back(Block* b) {
    give(b);
    Block* sentinel = reinterpret_cast<Block*>(base_ + reached_ - header);
    if (sentinel->before >= trim_above)
        if (auto* last = reinterpret_cast<Block*>(reinterpret_cast<char*>(sentinel) - sentinel->before); is_free(last))
            trim(last);
}

/// A block of a small size of which enough are kept, or of another size.
void HeapArena::release_any(Block* b) {
    if (b->size <= kept_small || b->size > kept_large) return give_back(b);
    Block* before = kept_other_;
    b->size |= kept_bit;
    kept_other_ = b;
    if (before == nullptr) return;
    before->size &= ~kept_bit;
    give_back(before);
}

std::size_t HeapArena::size_of(void* p) const { return size(checked(p)) - header; }

bool HeapArena::consistent() const {
    std::size_t before = 0, used = 0;
    for (std::size_t at = 0; reached_ != 0 && at < reached_ - header;) {
        const auto* b = reinterpret_cast<const Block*>(base_ + at);
        if (b->before != before || size(b) < smallest || at + size(b) > reached_ - header) return false;
        if ((b->size & (free_bit | kept_bit)) == 0) used += size(b);
        before = size(b);
        at += before;
    }
    return used == in_use_;
}

} // namespace minios
