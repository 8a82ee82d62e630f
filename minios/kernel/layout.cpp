// SPDX-License-Identifier: MIT
#include "layout.h"

#include "options.h"

#include <minios/random.h>

namespace minios::layout {

namespace {

/// A page within `space` bytes from `begin`.
std::uint64_t place(std::uint64_t begin, std::uint64_t space) {
    static const bool fixed = option_value("SKERRY_LAYOUT") == "fixed";
    return fixed ? begin : begin + (random::word() % (space >> page_shift) << page_shift);
}

} // namespace

// The room behind the last possible place is as large as any domain's memory.
std::uint64_t first_stack() {
    static const std::uint64_t first = place(stack_begin, 24 * gibibyte);
    return first;
}
std::uint64_t first_heap() {
    static const std::uint64_t first = place(heap_begin, 64 * gibibyte);
    return first;
}
std::uint64_t first_mapping() {
    static const std::uint64_t first = place(mapping_begin, 16 * 1024 * gibibyte);
    return first;
}

} // namespace minios::layout
