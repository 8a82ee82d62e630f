// SPDX-License-Identifier: MIT
// The heap: address space that grows, backed on first use. A page that was only read is the shared zero page,
// read-only; the first write gives it a frame. Frames are promised when the heap grows, so a fault inside the heap
// always succeeds, and malloc fails instead.
#include "heap_arena.h"
#include "page_table.h"

namespace minios {

namespace {

HeapArena arena;
std::uint64_t heap_end = heap_area;
std::size_t backed_pages;

bool grow(std::size_t size) {
    const std::uint64_t count = size / page_size;
    if (heap_end + size > heap_area + heap_area_size || !frames::promise(count)) return false;
    if (!page_table::ensure_range(heap_end, size)) {
        frames::unpromise(count);
        return false;
    }
    heap_end += size;
    return true;
}

/// Pages that have a frame give it back; the others only their promise.
void shrink(std::size_t size) {
    heap_end -= size;
    page_table::Batch batch;
    Pfn freed[page_table::Batch::capacity];
    unsigned count = 0;
    const auto finish = [&] {
        if (auto result = batch.flush(); !result) panic("heap: cannot unmap: %s", error_name(result.error()));
        page_table::flush_tlb();
        while (count > 0) frames::release(freed[--count]);
    };
    const Mfn zero = pages::mfn_of(minios_zero_page);
    for (std::uint64_t at = heap_end; at < heap_end + size; at += page_size) {
        const auto table = page_table::find(at, 1);
        const std::uint64_t entry = table.entry[page_table::index(at, 1)];
        const Mfn mfn{(entry & page_table::address_mask) >> page_shift};
        if ((entry & page_table::present) == 0) {
            frames::unpromise(1);
            continue;
        }
        batch.set(table.location(page_table::index(at, 1)), 0);
        if (mfn == zero) {
            frames::unpromise(1);
            continue;
        }
        --backed_pages;
        freed[count++] = frames::pfn_of(mfn);
        if (count == page_table::Batch::capacity - 1) finish();
    }
    finish();
}

void broken(const char* what, const void* block) { panic("heap: %s: %p", what, block); }

void ensure_started() {
    static bool started;
    if (!started) arena.start(reinterpret_cast<void*>(heap_area), grow, shrink, broken);
    started = true;
}

/// Clears through registers only: used inside the page fault handler, where the interrupted code may be using SSE.
void clear_page(void* page) {
    std::size_t words = page_size / 8;
    asm volatile("rep stosq" : "+D"(page), "+c"(words) : "a"(0) : "memory");
}

void map_page(std::uint64_t virt, std::uint64_t entry) {
    const long result = hypercall::update_va_mapping(virt, entry, UVMF_INVLPG | UVMF_LOCAL);
    if (result < 0) panic("heap: cannot map %lx: %s", virt, error_name(error_of(result)));
}

} // namespace

bool heap_covers(std::uint64_t address) { return address >= heap_area && address < heap_end; }

bool heap_page_fault(std::uint64_t address, bool write, bool) {
    if (!heap_covers(address)) return false;
    const std::uint64_t virt = address & ~(page_size - 1);
    const std::uint64_t entry = page_table::entry_of(reinterpret_cast<void*>(virt));
    const Mfn zero = pages::mfn_of(minios_zero_page);
    if ((entry & page_table::present) != 0 && (entry & page_table::address_mask) != zero.value << page_shift)
        return false; // a page of its own: this fault is not about backing
    if (!write) {
        map_page(virt, page_table::leaf(zero, Access::read_only));
        return true;
    }
    const Pfn pfn = frames::allocate_promised();
    map_page(virt, page_table::leaf(frames::mfn_of(pfn), Access::read_write));
    clear_page(reinterpret_cast<void*>(virt));
    ++backed_pages;
    return true;
}

namespace {

bool unwritten(std::uint64_t virt) {
    const std::uint64_t entry = page_table::entry_of(reinterpret_cast<void*>(virt));
    const Mfn mfn{(entry & page_table::address_mask) >> page_shift};
    return (entry & page_table::present) == 0 || mfn == pages::mfn_of(minios_zero_page);
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

namespace heap {

void* allocate(std::size_t size) {
    ensure_started();
    return arena.allocate(size);
}

void* allocate_zeroed(std::size_t size) {
    void* p = allocate(size);
    if (p != nullptr) clear_block(p, size);
    return p;
}

void* allocate_aligned(std::size_t alignment, std::size_t size) {
    ensure_started();
    return arena.allocate_aligned(alignment, size);
}

void* resize(void* p, std::size_t size) {
    if (p == nullptr) return allocate(size);
    const std::size_t old = arena.size_of(p);
    if (size <= old && size >= old / 2) return p;
    void* moved = allocate(size);
    if (moved == nullptr) return nullptr;
    __builtin_memcpy(moved, p, old < size ? old : size);
    arena.release(p);
    return moved;
}

void release(void* p) { arena.release(p); }

std::size_t size_of(void* p) { return p != nullptr ? arena.size_of(p) : 0; }

bool touch(void* p, std::size_t size) {
    const auto first = reinterpret_cast<std::uint64_t>(p);
    for (std::uint64_t at = first; at < first + size; at = (at & ~(page_size - 1)) + page_size) {
        if (heap_covers(at)) {
            auto* byte = reinterpret_cast<volatile char*>(at);
            *byte = *byte;
        }
    }
    return true;
}

Usage usage() {
    return {arena.in_use(), arena.peak(), arena.reached(), arena.reached() + frames::free_count() * page_size,
            backed_pages};
}

} // namespace heap
} // namespace minios
