// SPDX-License-Identifier: MIT
// What the debug heap knows of each block, apart from the blocks, so that whoever overwrites one does not overwrite this.
#pragma once

#include <cstddef>
#include <cstdint>

namespace minios::debug_heap {

inline constexpr std::size_t trace_depth = 8;

struct Record {
    std::uint64_t address; ///< of the block as its user knows it
    std::uint64_t size;    ///< as asked for
    std::uint64_t first;   ///< of what it lies in: a block of the arena, or pages
    std::uint64_t end;
    bool in_pages, released;
    std::uint32_t next_in_chain, next_in_queue; ///< numbers of records; 0: none
    std::uint32_t allocated_by[trace_depth],
        released_by[trace_depth]; ///< return addresses, innermost first; 0 ends them
};

/// Records by number, from 1 on, and by the block's address.
class Records {
  public:
    /// A record for the block, or 0: no memory.
    std::uint32_t add(std::uint64_t address);
    void remove(std::uint32_t number);
    /// Of the block that begins at `address`; 0: none.
    std::uint32_t find(std::uint64_t address) const;
    /// Of the block that lies, with its zones, around `address`; the one that begins last if there are several; 0: none.
    std::uint32_t find_around(std::uint64_t address) const;
    Record& operator[](std::uint32_t number) { return records_[number]; }
    std::uint32_t end() const { return used_; } ///< numbers from 1 to here; those with address 0 are free

  private:
    static constexpr std::size_t chains = 16384;
    static std::size_t chain_of(std::uint64_t address) { return (address >> 4) * 0x9e3779b97f4a7c15 >> 50; }
    bool start();
    bool make_room();

    std::uint32_t* heads_ = nullptr;
    Record* records_ = nullptr;
    std::size_t memory_ = 0; ///< bytes of records that there is memory for
    std::uint32_t used_ = 1, free_ = 0;
};

} // namespace minios::debug_heap
