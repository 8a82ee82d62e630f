// SPDX-License-Identifier: MIT
// The heap that looks for misuse: with SKERRY_HEAP=debug among the variables of the command line it stands between every allocation and
// the arena. A misuse ends the domain with what is wrong, the block, and back traces of its allocation, its release, and
// where that was noticed.
//
//   a block of a page or more   has pages of its own, ends where they end, and is followed by a page that cannot be touched. Released,
//                               its addresses stay without memory: every later use is a fault
//   a smaller one               lies between red zones in the arena. Released, it is filled with a pattern and kept for a while; a
//                               write to it is noticed when some of the kept blocks are looked at, at each call and at the end
//
// SKERRY_HEAP=pages gives every block pages of its own: slow, large, and exact.
#pragma once

#include "heap_arena.h"

namespace minios::debug_heap {

enum class Contents : bool { unspecified, zero };

/// Whether this run has it.
bool wanted();
/// The pattern of a released small block, and of a fresh one.
inline constexpr unsigned char released_byte = 0xde, fresh_byte = 0xcd;

/// As heap::allocate_aligned().
void* allocate(HeapArena& arena, std::size_t alignment, std::size_t size, Contents contents);
void release(HeapArena& arena, void* p);
/// What was asked for.
std::size_t size_of(void* p);
/// Looks at all blocks, when the domain ends.
void check_all();
/// Says which block a faulting address belongs to, or that a register holds a released block's pattern.
void explain_fault(std::uint64_t address);
void explain_register(std::uint64_t value);

} // namespace minios::debug_heap
