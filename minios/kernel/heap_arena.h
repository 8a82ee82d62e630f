// SPDX-License-Identifier: MIT
// The allocator behind malloc: one contiguous, growing range; blocks with a header of 16 bytes; free blocks in 16 lists
// per power of two (good fit in constant time). Broken headers and double frees end the program. Tested on the host.
#pragma once

#include <cstddef>
#include <cstdint>

namespace minios {

class HeapArena {
  public:
    static constexpr std::size_t alignment = 16;
    /// Makes `size` more bytes (a multiple of 64 KiB) behind the range usable; false when it may not grow.
    using Grow = bool (*)(std::size_t size);
    /// The last `size` bytes (a multiple of 64 KiB) are not used any more.
    using Shrink = void (*)(std::size_t size);
    /// Called with what is wrong; must not return.
    using Broken = void (*)(const char* what, const void* block);

    /// `base` is aligned to 16; nothing at it is usable yet.
    void start(void* base, Grow grow, Shrink shrink, Broken broken);
    void* allocate(std::size_t size);
    /// `boundary` is a power of two.
    void* allocate_aligned(std::size_t boundary, std::size_t size);
    void release(void* p);
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
        std::size_t size;   ///< of this block with its header; bit 0: free
        Block* next_free;   ///< free blocks only
        Block* last_free;
    };
    static constexpr std::size_t header = 16, smallest = 32, growth = 64 * 1024, trim_above = 1024 * 1024;
    static constexpr unsigned classes = 64, parts = 16;

    static std::size_t size(const Block* b) { return b->size & ~std::size_t{15}; }
    static bool is_free(const Block* b) { return (b->size & 1) != 0; }
    static Block* after(Block* b) { return reinterpret_cast<Block*>(reinterpret_cast<char*>(b) + size(b)); }
    static Block* block_of(void* p) { return reinterpret_cast<Block*>(static_cast<char*>(p) - header); }
    static void bin_of(std::size_t size, unsigned& first, unsigned& second);
    void insert(Block* b);
    void remove(Block* b);
    Block* find(std::size_t size);
    bool grow(std::size_t size);
    void split(Block* b, std::size_t size);
    void give(Block* b);
    void trim(Block* last);
    Block* checked(void* p) const;

    char* base_ = nullptr;
    std::size_t reached_ = 0, in_use_ = 0, peak_ = 0;
    Grow grow_ = nullptr;
    Shrink shrink_ = nullptr;
    Broken broken_ = nullptr;
    std::uint64_t first_map_ = 0;
    std::uint16_t second_map_[classes] = {};
    Block* bins_[classes][parts] = {};
};

} // namespace minios
