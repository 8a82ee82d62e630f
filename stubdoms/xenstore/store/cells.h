// SPDX-License-Identifier: MIT
// Memory for very many things of one size: it comes from the heap in blocks of some dozens, and a block goes back when the
// last thing in it has gone. An allocator for containers that ask for one element at a time, which costs them some twenty
// instructions; one pool for each type, and no locks: the store has one thread.
#pragma once

#include <cstddef>
#include <memory>

namespace skerry::xenstore {

template <class T> class Cells {
  public:
    using value_type = T;

    Cells() = default;
    template <class U> Cells(const Cells<U>&) {}
    friend bool operator==(const Cells&, const Cells&) { return true; }

    T* allocate(std::size_t count) {
        if (count != 1) return std::allocator<T>().allocate(count);
        if (with_room == nullptr) link(*new Block);
        Block& block = *with_room;
        Cell& cell = *block.free;
        block.free = cell.next;
        if (++block.used == Block::cells_in_all) unlink(block);
        cell.block = &block;
        return reinterpret_cast<T*>(cell.space);
    }

    void deallocate(T* thing, std::size_t count) {
        if (count != 1) return std::allocator<T>().deallocate(thing, count);
        Cell& cell = *reinterpret_cast<Cell*>(reinterpret_cast<std::byte*>(thing) - offsetof(Cell, space));
        Block& block = *cell.block;
        cell.next = block.free;
        block.free = &cell;
        if (block.used-- == Block::cells_in_all) link(block);
        const bool others = with_room != &block || block.after != nullptr; // one stays, or it would come and go
        if (block.used != 0 || !others) return;
        unlink(block);
        delete &block;
    }

  private:
    struct Block;
    struct Cell {
        union {
            Block* block; ///< that it lies in, while it is used
            Cell* next;   ///< of the block's free ones
        };
        alignas(T) std::byte space[sizeof(T)];
    };
    struct Block {
        static constexpr std::size_t cells_in_all = sizeof(Cell) < 1000 ? 16000 / sizeof(Cell) : 16;
        Block *before = nullptr, *after = nullptr; ///< among those with room
        Cell* free = nullptr;
        std::size_t used = 0;
        Cell cells[cells_in_all];
        Block() {
            for (std::size_t i = cells_in_all; i-- > 0; free = &cells[i]) cells[i].next = free;
        }
    };

    static void link(Block& block) {
        block.before = nullptr;
        block.after = with_room;
        if (with_room != nullptr) with_room->before = &block;
        with_room = &block;
    }
    static void unlink(Block& block) {
        (block.before != nullptr ? block.before->after : with_room) = block.after;
        if (block.after != nullptr) block.after->before = block.before;
    }

    static inline Block* with_room = nullptr;
};

} // namespace skerry::xenstore
