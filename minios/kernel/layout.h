// SPDX-License-Identifier: MIT
// Where regions begin: at random, page by page, anew in each run. With SKERRY_LAYOUT=fixed among the variables of the command line
// at the lowest place, so that a run can be repeated to the instruction.
#pragma once

#include <minios/regions.h>

#include <cstdint>

namespace minios::layout {

inline constexpr std::uint64_t gibibyte = 1ull << 30;
inline constexpr std::uint64_t stack_begin = 32 * gibibyte, stack_end = 64 * gibibyte;
inline constexpr std::uint64_t heap_begin = 128 * gibibyte, heap_end = 256 * gibibyte;
inline constexpr std::uint64_t mapping_begin = 1024 * gibibyte, mapping_end = 64 * 1024 * gibibyte;

std::uint64_t first_stack();
std::uint64_t first_heap();
std::uint64_t first_mapping();

} // namespace minios::layout
