// SPDX-License-Identifier: MIT
// Stacks: regions above a guard that is larger than most functions' frames. All of a stack is backed at once: a PV kernel takes
// exceptions on the stack that it is running on, so the hypervisor must find its page there (docs/caveats.md).
#include "layout.h"
#include "regions.h"

namespace minios {

namespace {

constexpr std::size_t guard = threads::stack_guard_size;

std::size_t rounded(std::size_t size) { return (size + page_size - 1) & ~(page_size - 1); }

} // namespace

void* stack_allocate(std::size_t size) {
    size = rounded(size);
    auto whole = regions::map_within({.size = guard + size, .protection = regions::Protection::none},
                                     layout::stack_begin, layout::stack_end, layout::first_stack());
    if (!whole) return nullptr;
    char* lowest = static_cast<char*>(*whole) + guard;
    const auto first = reinterpret_cast<std::uint64_t>(lowest);
    if (regions::protect(lowest, size, regions::Protection::read_write) && regions::commit(first, first + size))
        return lowest;
    stack_release(lowest, size);
    return nullptr;
}

void stack_release(void* lowest, std::size_t size) {
    if (!regions::remove_within(static_cast<char*>(lowest) - guard, guard + rounded(size)))
        panic("stack: %p is not a stack", lowest);
}

} // namespace minios
