// SPDX-License-Identifier: MIT
// The heap: a region that grows, backed on first use (minios/regions.h). Frames are promised when it grows, so a touch always
// succeeds, and malloc fails instead.
#include "debug_heap.h"
#include "heap_arena.h"
#include "layout.h"
#include "region_pages.h"
#include "regions.h"

namespace minios {

namespace {

HeapArena arena;
std::uint64_t first, end; // of the heap's addresses
bool debugged;            // the debug heap stands before the arena
bool growing;             // the arena is in the middle of that

bool grow(std::size_t size) {
    growing = true;
    const auto more = regions::map_within(
        {.size = size, .placement = regions::Placement::if_free, .address = reinterpret_cast<void*>(end)}, first,
        layout::heap_end, first);
    growing = false;
    if (!more) return false;
    end += size;
    return true;
}

/// Cutting the heap's region may take memory of its own.
bool shrink(std::size_t size) {
    if (!regions::remove_within(reinterpret_cast<void*>(end - size), size)) return false;
    end -= size;
    return true;
}

void broken(const char* what, const void* block) { panic("heap: %s: %p", what, block); }

void ensure_started() {
    if (first != 0) return;
    debugged = debug_heap::wanted();
    first = end = layout::first_heap();
    arena.start(reinterpret_cast<void*>(first), grow, shrink, broken);
}

bool unwritten(std::uint64_t virt) {
    const std::uint64_t entry = page_table::entry_of(reinterpret_cast<void*>(virt));
    return !regions::is_own(entry);
}

/// Zeroes [p, p + size) without backing pages that were never written.
void clear_block(void* p, std::size_t size) {
    constexpr std::size_t worth_looking = 8 * page_size;
    if (size < worth_looking) {
        __builtin_memset(p, 0, size);
        return;
    }
    const auto first = reinterpret_cast<std::uint64_t>(p);
    for (std::uint64_t at = first; at < first + size;) {
        const std::uint64_t next = (at & ~(page_size - 1)) + page_size, end = next < first + size ? next : first + size;
        if (!unwritten(at)) __builtin_memset(reinterpret_cast<void*>(at), 0, end - at);
        at = next;
    }
}

} // namespace

bool heap_release_end() { return !growing && first != 0 && arena.release_end(); }

namespace heap {

using debug_heap::Contents;

void* allocate(std::size_t size) {
    ensure_started();
    return debugged ? debug_heap::allocate(arena, HeapArena::alignment, size, Contents::unspecified)
                    : arena.allocate(size);
}

void* allocate_zeroed(std::size_t size) {
    ensure_started();
    if (debugged) return debug_heap::allocate(arena, HeapArena::alignment, size, Contents::zero);
    void* p = arena.allocate(size);
    if (p != nullptr) clear_block(p, size);
    return p;
}

void* allocate_aligned(std::size_t alignment, std::size_t size) {
    ensure_started();
    return debugged ? debug_heap::allocate(arena, alignment, size, Contents::unspecified)
                    : arena.allocate_aligned(alignment, size);
}

void* resize(void* p, std::size_t size) {
    if (p == nullptr) return allocate(size);
    const std::size_t old = size_of(p);
    if (!debugged && size <= old && size >= old / 2) return p; // otherwise who kept the old address shall notice
    void* moved = allocate(size);
    if (moved == nullptr) return nullptr;
    __builtin_memcpy(moved, p, old < size ? old : size);
    release(p);
    return moved;
}

void release(void* p) { debugged ? debug_heap::release(arena, p) : arena.release(p); }

std::size_t size_of(void* p) {
    if (p == nullptr) return 0;
    return debugged ? debug_heap::size_of(p) : arena.size_of(p);
}

bool touch(void* p, std::size_t size) { return regions::populate(p, size).ok(); }

Usage usage() {
    return {arena.in_use(), arena.peak(), arena.reached(), arena.reached() + frames::free_count() * page_size,
            regions::backed_pages};
}

} // namespace heap
} // namespace minios
