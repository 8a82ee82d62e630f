// SPDX-License-Identifier: MIT
// The allocator behind malloc: one contiguous, growing range; blocks with a header of 16 bytes; free blocks in 16 lists
// per power of two (good fit in constant time). The last few blocks freed of each small size, and the last one of the
// others, are kept as they are for the next allocation of that size, unjoined, until the range would have to grow.
// Broken headers and double frees end the program. Tested on the host.
#pragma once

#include <cstddef>
#include <cstdint>

namespace minios {

class HeapArena {
  public:
    static constexpr std::size_t alignment = 16;
    /// Makes `size` more bytes (a multiple of 64 KiB) behind the range usable; false when it may not grow.
    using Grow = bool (*)(std::size_t size);
    /// The last `size` bytes (a multiple of 64 KiB) are not used any more; false when they cannot be taken away now.
    using Shrink = bool (*)(std::size_t size);
    /// Called with what is wrong; must not return.
    using Broken = void (*)(const char* what, const void* block);

    /// `base` is aligned to 16; nothing at it is usable yet.
    void start(void* base, Grow grow, Shrink shrink, Broken broken);
    void* allocate(std::size_t size) {
        if (size <= kept_small - header)
            if (void* p = take_kept_small(block_size(size)); p != nullptr) return p;
        return allocate_any(size);
    }
    /// `boundary` is a power of two.
    void* allocate_aligned(std::size_t boundary, std::size_t size);
    /// For when memory is short: joins what is kept, and gives what is free at the end back. False: nothing came of it.
    bool release_end();
    void release(void* p) {
        if (p == nullptr) return;
        Block* b = checked(p);
        in_use_ -= b->size;
        if (b->size > kept_small || !keep_small(b)) release_any(b);
        if (in_use_ == 0) give_kept();
    }
    /// Usable bytes of an allocated block.
    std::size_t size_of(void* p) const;

    std::size_t in_use() const { return in_use_; }
    std::size_t peak() const { return peak_; }
    std::size_t reached() const { return reached_; }
    /// Walks everything; false when a block is inconsistent.
    bool consistent() const;

  private:
    struct Block {
        std::size_t before; ///< size of the block before this one with its header, 0 for the first
        std::size_t size;   ///< of this block with its header; bit 0: free; bit 1: kept
        Block* next_free;   ///< free blocks only
        Block* last_free;
    };
    static constexpr std::size_t header = 16, smallest = 32, growth = 64 * 1024, trim_above = 1024 * 1024;
    static constexpr std::size_t largest = std::size_t{1} << 46; ///< that the program may ask for
    static constexpr unsigned classes = 64, parts = 16;
    /// Kept blocks: of these sizes so many each; of a larger size, up to the second limit, one in all.
    static constexpr std::size_t kept_small = 1024, kept_large = 64 * 1024;
    static constexpr unsigned kept_each = 8;
    static constexpr std::size_t free_bit = 1, kept_bit = 2;

    static std::size_t size(const Block* b) { return b->size & ~std::size_t{15}; }
    static bool is_free(const Block* b) { return (b->size & free_bit) != 0; }
    /// Of a block for `bytes` of the program's, with its header.
    static std::size_t block_size(std::size_t bytes) {
        const std::size_t wanted = (bytes + header + alignment - 1) & ~(alignment - 1);
        return wanted < smallest ? smallest : wanted;
    }
    static Block* after(Block* b) { return reinterpret_cast<Block*>(reinterpret_cast<char*>(b) + size(b)); }
    static Block* block_of(void* p) { return reinterpret_cast<Block*>(static_cast<char*>(p) - header); }
    static void bin_of(std::size_t size, unsigned& first, unsigned& second);
    void* take_kept_small(std::size_t size);
    bool keep_small(Block* b);
    void* use(Block* b, std::size_t size);
    void* allocate_any(std::size_t bytes);
    void release_any(Block* b);
    void give_kept();
    void give_back(Block* b);
    Block* find_or_grow(std::size_t size);
    void insert(Block* b);
    void remove(Block* b);
    Block* find(std::size_t size);
    bool grow(std::size_t size);
    void take(Block* b, std::size_t size);
    void split(Block* b, std::size_t size);
    void give(Block* b);
    void trim(Block* last);
    Block* checked(void* p) const;
    [[noreturn]] void fail(const char* what, const void* block) const {
        broken_(what, block);
        __builtin_unreachable();
    }

    char* base_ = nullptr;
    std::size_t reached_ = 0, in_use_ = 0, peak_ = 0;
    Grow grow_ = nullptr;
    Shrink shrink_ = nullptr;
    Broken broken_ = nullptr;
    std::uint64_t first_map_ = 0;
    std::uint16_t second_map_[classes] = {};
    Block* bins_[classes][parts] = {};
    struct Kept {
        Block* first;
        unsigned count;
    };
    Kept kept_[kept_small / alignment + 1] = {};
    Block* kept_other_ = nullptr;
};

// --- what nearly every call is ---------------------------------------------------------------------------------------

/// `b`, which nobody uses, is a block of `size` bytes in use from now on.
inline void* HeapArena::use(Block* b, std::size_t size) {
    b->size = size;
    in_use_ += size;
    if (in_use_ > peak_) peak_ = in_use_;
    return reinterpret_cast<char*>(b) + header;
}

/// A kept block of exactly that size; nullptr: there is none.
inline void* HeapArena::take_kept_small(std::size_t size) {
    Kept& kept = kept_[size / alignment];
    Block* b = kept.first;
    if (b == nullptr) return nullptr;
    if (b->size != (size | kept_bit)) fail("header of a freed block overwritten", b);
    kept.first = b->next_free;
    --kept.count;
    return use(b, size);
}

/// False: there are enough of its size.
inline bool HeapArena::keep_small(Block* b) {
    Kept& kept = kept_[b->size / alignment];
    if (kept.count == kept_each) return false;
    b->next_free = kept.first;
    b->size |= kept_bit;
    kept.first = b;
    ++kept.count;
    return true;
}

inline HeapArena::Block* HeapArena::checked(void* p) const {
    Block* b = block_of(p);
    const std::size_t at = static_cast<std::size_t>(reinterpret_cast<char*>(b) - base_), end = reached_ - header;
    if (reached_ == 0 || at >= end || at % alignment != 0) fail("pointer is not from this heap", p);
    const std::size_t total = b->size;
    if ((total & (free_bit | kept_bit)) != 0) fail("freed twice", p);
    if (total < smallest || total > end - at || total % alignment != 0 || after(b)->before != total)
        fail("block header overwritten", p);
    return b;
}

} // namespace minios
