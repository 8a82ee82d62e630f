// SPDX-License-Identifier: MIT
#include "debug_heap.h"

#include "block_records.h"
#include "internal.h"
#include "options.h"

#include <minios/regions.h>

namespace minios::debug_heap {

namespace {

constexpr std::size_t zone = 16;
constexpr unsigned char front_byte = 0xfa, rear_byte = 0xfb;
constexpr std::uint32_t most_kept = 16384;

Records records;

/// Released blocks, oldest first.
struct Queue {
    std::uint32_t first = 0, last = 0, count = 0;
    std::size_t bytes = 0; ///< in the arena
    std::uint32_t next_check = 0;
} kept;

std::size_t pages_from() {
    static const std::size_t from = option_value("SKERRY_HEAP") == "pages" ? 0 : page_size;
    return from;
}

__attribute__((noinline)) void note_trace(std::uint32_t (&places)[trace_depth]) {
    std::uint64_t found[trace_depth + 2]; // the two innermost are the heap itself
    const std::size_t count =
        collect_back_trace(reinterpret_cast<std::uint64_t>(__builtin_frame_address(0)), found, trace_depth + 2);
    for (std::size_t i = 0; i < trace_depth; ++i)
        places[i] = i + 2 < count ? static_cast<std::uint32_t>(found[i + 2]) : 0;
}

void print_trace(const char* of, const std::uint32_t (&places)[trace_depth]) {
    if (places[0] == 0) return;
    print("back trace of its %s:\n", of);
    for (std::size_t i = 0; i < trace_depth && places[i] != 0; ++i) print_place(places[i], Place::after_call);
}

void describe(const Record& record, std::uint64_t address) {
    const std::uint64_t end = record.address + record.size;
    const char* state = record.released ? "released block" : "block";
    print("\nheap: ");
    if (address < record.address)
        print("%lu bytes before the beginning of", record.address - address);
    else if (address >= end)
        print("%lu bytes behind the end of", address - end);
    else
        print("byte %lu of", address - record.address);
    print(" the %s of %lu bytes at %lx\n", state, record.size, record.address);
    print_trace("allocation", record.allocated_by);
    if (record.released) print_trace("release", record.released_by);
}

[[noreturn]] void report(const Record& record, std::uint64_t address, const char* what) {
    describe(record, address);
    panic("heap: %s", what);
}

/// The first of [first, end) that is not `expected`; `end` when all are.
std::uint64_t first_other(std::uint64_t first, std::uint64_t end, unsigned char expected) {
    while (first < end && *reinterpret_cast<const unsigned char*>(first) == expected) ++first;
    return first;
}
void fill(std::uint64_t first, std::uint64_t end, unsigned char byte) {
    __builtin_memset(reinterpret_cast<void*>(first), byte, end - first);
}

// Of pages, only the ends are zones: the front of the first page, and what alignment leaves behind the block.
void check_zones(const Record& record) {
    const std::uint64_t end = record.address + record.size;
    if (const std::uint64_t bad = first_other(record.first, record.address, front_byte); bad != record.address)
        report(record, bad, "written before the beginning of a block");
    if (const std::uint64_t bad = first_other(end, record.end, rear_byte); bad != record.end)
        report(record, bad, "written behind the end of a block");
}

void check_kept(const Record& record) {
    if (record.in_pages) return; // there is no memory to be written to
    const std::uint64_t end = record.address + record.size;
    if (const std::uint64_t bad = first_other(record.address, end, released_byte); bad != end)
        report(record, bad, "written to after it was released");
    check_zones(record);
}

/// A few of the kept blocks, all in turn.
void check_some() {
    constexpr int some = 4;
    for (int i = 0; i < some && kept.count != 0; ++i) {
        if (kept.next_check == 0) kept.next_check = kept.first;
        check_kept(records[kept.next_check]);
        kept.next_check = records[kept.next_check].next_in_queue;
    }
}

/// Lets the oldest kept block go.
void let_go(HeapArena& arena) {
    const std::uint32_t number = kept.first;
    const Record record = records[number];
    check_kept(record);
    kept.first = record.next_in_queue;
    if (kept.first == 0) kept.last = 0;
    if (kept.next_check == number) kept.next_check = kept.first;
    --kept.count;
    records.remove(number);
    if (record.in_pages) {
        if (!regions::unmap(reinterpret_cast<void*>(record.first), record.end + page_size - record.first))
            panic("debug heap: cannot unmap a block");
    } else {
        kept.bytes -= record.end - record.first;
        arena.release(reinterpret_cast<void*>(record.first));
    }
}

void keep(HeapArena& arena, std::uint32_t number) {
    const std::size_t most_bytes = total_pages() * page_size / 16;
    (kept.last != 0 ? records[kept.last].next_in_queue : kept.first) = number;
    kept.last = number;
    ++kept.count;
    if (!records[number].in_pages) kept.bytes += records[number].end - records[number].first;
    while (kept.count > most_kept || kept.bytes > most_bytes) let_go(arena);
}

/// Where a block may lie: what it lies in, and its own place there.
struct Spot {
    std::uint64_t first = 0, address = 0, end = 0;
};

/// The block ends where its pages end, as far as alignment lets it.
Spot place_in_pages(std::size_t alignment, std::size_t size) {
    const std::size_t room = (size + (alignment > page_size ? alignment : 0) + page_size - 1) & ~(page_size - 1);
    const std::size_t with_one = room != 0 ? room : page_size;
    auto whole = regions::map({.size = with_one + page_size, .protection = regions::Protection::none});
    if (!whole) return {};
    if (!regions::protect(*whole, with_one, regions::Protection::read_write)) {
        (void)regions::unmap(*whole, with_one + page_size);
        return {};
    }
    const auto first = reinterpret_cast<std::uint64_t>(*whole), end = first + with_one;
    return {first, (end - size) & ~(alignment - 1), end};
}

Spot place_in_arena(HeapArena& arena, std::size_t alignment, std::size_t size) {
    const std::size_t front = alignment > zone ? alignment : zone, whole = front + size + zone;
    void* p = arena.allocate_aligned(alignment, whole);
    if (p == nullptr) return {};
    const auto first = reinterpret_cast<std::uint64_t>(p);
    return {first, first + front, first + whole};
}

void give_up(HeapArena& arena, const Spot& spot, bool in_pages) {
    if (in_pages)
        (void)regions::unmap(reinterpret_cast<void*>(spot.first), spot.end + page_size - spot.first);
    else
        arena.release(reinterpret_cast<void*>(spot.first));
}

/// `if_released`: what is wrong when the block is not live.
Record& live(void* p, const char* if_released) {
    const auto address = reinterpret_cast<std::uint64_t>(p);
    std::uint32_t number = records.find(address);
    if (number == 0) {
        number = records.find_around(address);
        if (number != 0) report(records[number], address, "a pointer into a block is not a block");
        panic("heap: %p is no block", p);
    }
    if (records[number].released) report(records[number], address, if_released);
    return records[number];
}

} // namespace

bool wanted() {
    static const bool is_wanted = [] {
        const std::string_view value = option_value("SKERRY_HEAP");
        if (!value.empty() && value != "debug" && value != "pages")
            panic("SKERRY_HEAP can be debug or pages, not %.*s", static_cast<int>(value.size()), value.data());
        return !value.empty();
    }();
    return is_wanted;
}

void* allocate(HeapArena& arena, std::size_t alignment, std::size_t size, Contents contents) {
    constexpr std::size_t largest = std::size_t{1} << 46;
    if (alignment < HeapArena::alignment) alignment = HeapArena::alignment;
    if (size > largest || alignment > largest || (alignment & (alignment - 1)) != 0) return nullptr;
    check_some();
    const bool in_pages = size >= pages_from();
    const Spot spot = in_pages ? place_in_pages(alignment, size) : place_in_arena(arena, alignment, size);
    if (spot.first == 0) return nullptr;
    const std::uint32_t number = records.add(spot.address);
    if (number == 0) {
        give_up(arena, spot, in_pages);
        return nullptr;
    }
    Record& record = records[number];
    record.size = size;
    record.first = spot.first;
    record.end = spot.end;
    record.in_pages = in_pages;
    note_trace(record.allocated_by);
    fill(record.first, record.address, front_byte);
    fill(record.address + size, record.end, rear_byte);
    if (!in_pages) fill(record.address, record.address + size, contents == Contents::zero ? 0 : fresh_byte);
    return reinterpret_cast<void*>(record.address);
}

void release(HeapArena& arena, void* p) {
    if (p == nullptr) return;
    check_some();
    Record& record = live(p, "released twice");
    check_zones(record);
    record.released = true;
    note_trace(record.released_by);
    if (!record.in_pages) {
        fill(record.address, record.address + record.size, released_byte);
    } else if (!regions::map({.size = record.end - record.first,
                              .protection = regions::Protection::none,
                              .placement = regions::Placement::replacing,
                              .address = reinterpret_cast<void*>(record.first)})) {
        panic("debug heap: cannot take a released block's memory away");
    }
    keep(arena, records.find(record.address));
}

std::size_t size_of(void* p) { return live(p, "a released block is asked for its size").size; }

void check_all() {
    for (std::uint32_t number = 1; number < records.end(); ++number) {
        const Record& record = records[number];
        if (record.address != 0) record.released ? check_kept(record) : check_zones(record);
    }
}

void explain_fault(std::uint64_t address) {
    // Behind the pages of a block is one that belongs to it.
    std::uint32_t number = records.find_around(address);
    if (number == 0) number = records.find_around(address - page_size);
    if (number != 0 && records[number].in_pages) describe(records[number], address);
}

void explain_register(std::uint64_t value) {
    constexpr std::uint64_t all = 0x0101010101010101;
    if (value >> 16 == all * released_byte >> 16)
        print("heap: %lx is what released blocks are filled with\n", value);
    else if (value >> 16 == all * fresh_byte >> 16)
        print("heap: %lx is what fresh blocks are filled with\n", value);
}

} // namespace minios::debug_heap
