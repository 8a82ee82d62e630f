// SPDX-License-Identifier: MIT
// The page that carries the vCPU from the old address space into the kernel's: code (hand_over.S) and what it works on.
// It is mapped at `alias` in both address spaces, executable, and at its natural place in the kernel's. The code,
// entered at the alias with events masked and no stack: switches to the new tables, unpins the old ones, continues at
// the natural address, takes the alias out of the new top-level table, sets the kernel's stack, clears every register
// and jumps to the kernel with RSI = start_info. Afterwards the page is ordinary memory of the kernel, inside the
// padding after its boot stack.
#pragma once

#include <cstddef>
#include <cstdint>

#include "xen.h"

namespace skerry::start_in_place {

/// At the end of the code; hand_over.S knows the offsets.
struct HandOverData {
    mmuext_op_t switch_tables[2]; // new base, unpin old
    mmu_update_t remove_alias;
    std::uint64_t natural;    // address of the page in the kernel's address space
    std::uint64_t stack;      // initial stack pointer
    std::uint64_t start_info; // virtual address
    std::uint64_t entry;
};
inline constexpr std::size_t hand_over_data_offset = 2048;
static_assert(offsetof(HandOverData, remove_alias) == 2 * sizeof(mmuext_op_t) && sizeof(mmuext_op_t) == 24);
static_assert(offsetof(HandOverData, natural) == 64 && offsetof(HandOverData, stack) == 72 &&
              offsetof(HandOverData, start_info) == 80 && offsetof(HandOverData, entry) == 88);

extern "C" const std::byte skerry_hand_over_code[], skerry_hand_over_code_end[];

} // namespace skerry::start_in_place
