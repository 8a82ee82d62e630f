// SPDX-License-Identifier: MIT
// Pseudo-physical frames: who has which, the promise to the heap, and the stash of mapped frames that page tables are
// made from. The stash ends the circle "mapping a frame needs a page table, which needs a mapped frame".
#include "frame_map.h"
#include "page_table.h"

namespace minios::frames {

namespace {

FrameMap map;
const std::uint64_t* physical_to_machine;
std::uint64_t total;         // entries of it
std::uint64_t initial_count; // frames below this are mapped in the initial region
std::uint64_t promised;

constexpr unsigned stash_size = 16, stash_low = 6; // mapping a block takes at most three tables
Pfn stash[stash_size];
unsigned stashed;
bool refilling, tables_are_promised;
std::uint64_t tables_made;

/// Pages for the bits of the first and of the last piece, which is all that most domains need.
std::uint64_t* first_bits;
unsigned first_bits_left;

std::uint64_t* new_piece() {
    if (first_bits_left != 0) return first_bits + --first_bits_left * page_size / sizeof(std::uint64_t);
    if (stashed == 0) return nullptr;
    return static_cast<std::uint64_t*>(pages::address_of(stash[--stashed]));
}

void stash_up_to(std::uint64_t from, std::uint64_t to, std::uint64_t most) {
    while (stashed < most) {
        const std::uint64_t frame = map.find_run(1, from, to);
        if (frame == FrameMap::none || !map.take(frame, 1)) return;
        stash[stashed++] = Pfn{frame};
        from = frame + 1;
    }
}

/// Fills the stash from the initial region, else from a block of 512 frames that gets mapped for it.
void refill() {
    if (refilling || stashed >= stash_low) return;
    refilling = true;
    stash_up_to(0, initial_count, stash_size);
    for (std::uint64_t from = initial_count; stashed < stash_low;) {
        const std::uint64_t frame = map.find_run(1, from, map.total());
        if (frame == FrameMap::none) break;
        const std::uint64_t block_end = (frame | 511) + 1;
        if (pages::address_of(Pfn{frame}) == nullptr) break;
        stash_up_to(frame, block_end, stash_size);
        from = block_end;
    }
    refilling = false;
}

/// The stash counts: a promise may be kept from it. Large domains keep a few frames back for pieces of the map.
bool available(std::uint64_t count) {
    const std::uint64_t for_pieces = map.total() > 2 * FrameMap::piece_frames ? 8 : 0;
    return map.free_count() + stashed >= promised + count + for_pieces;
}

} // namespace

/// The map's own memory is the first that is free. At least 512 KiB there are mapped (xen.h, start-of-day memory layout).
void start(const start_info_t& info, std::uint64_t first_free, std::uint64_t initial_pages) {
    const std::uint64_t pieces = FrameMap::pieces_for(info.nr_pages);
    const std::uint64_t list_pages = (pieces * sizeof(FrameMap::Piece) + page_size - 1) / page_size;
    first_bits_left = pieces > 1 ? 2 : 1;
    const std::uint64_t own_pages = list_pages + first_bits_left;
    auto* memory = reinterpret_cast<char*>(minios_text_start) + (first_free << page_shift);
    if (info.nr_pages < first_free + own_pages)
        panic("frames: %lu pages of memory, %lu used at start", info.nr_pages, first_free + own_pages);
    auto* list = reinterpret_cast<FrameMap::Piece*>(memory);
    for (std::uint64_t i = 0; i < pieces; ++i) ::new (&list[i]) FrameMap::Piece;
    first_bits = reinterpret_cast<std::uint64_t*>(memory + list_pages * page_size);
    map.start(info.nr_pages, list, new_piece);
    physical_to_machine = reinterpret_cast<const std::uint64_t*>(info.mfn_list);
    total = info.nr_pages;
    initial_count = initial_pages < map.total() ? initial_pages : map.total();
    if (!map.take(0, first_free + own_pages)) panic("frames: cannot take the first %lu frames", first_free + own_pages);
}

std::uint64_t initial_pages() { return initial_count; }
void set_initial_pages(std::uint64_t count) { initial_count = count < map.total() ? count : map.total(); }
std::uint64_t free_count() {
    const std::uint64_t free = map.free_count() + stashed;
    return free > promised ? free - promised : 0;
}

Result<Pfn> allocate() {
    if (!available(1)) return Error::no_memory;
    const FrameMap::Run run = map.take_highest(1);
    if (run.first == FrameMap::none) return Error::no_memory;
    return Pfn{run.first};
}

Result<Pfn> allocate_table() {
    if (!tables_are_promised && !refilling && !available(1)) return Error::no_memory;
    refill();
    if (stashed == 0) return Error::no_memory;
    ++tables_made;
    return stash[--stashed];
}

std::uint64_t begin_promised_tables() {
    tables_are_promised = true;
    return tables_made;
}

std::uint64_t end_promised_tables(std::uint64_t begun) {
    tables_are_promised = false;
    return tables_made - begun;
}

Result<void> claim(Pfn first, std::uint64_t count) {
    if (!available(count) || !map.take(first.value, count)) return Error::busy;
    return {};
}

void release(Pfn first, std::uint64_t count) {
    if (!map.give(first.value, count))
        panic("frames: release of %lu frames at %lx that are not in use", count, first.value);
}

bool promise(std::uint64_t count) {
    if (!available(count)) return false;
    promised += count;
    return true;
}

void unpromise(std::uint64_t count) { promised -= count; }
void promise_again(std::uint64_t count) { promised += count; }

FrameMap::Run allocate_promised(std::uint64_t most) {
    FrameMap::Run run{FrameMap::none, 0};
    if (promised != 0) run = map.take_highest(most < promised ? most : promised);
    if (run.count == 0 && promised != 0 && stashed != 0) run = {stash[--stashed].value, 1};
    if (run.count == 0)
        panic("frames: a promised frame is not there (%lu promised, %lu free)", promised, map.free_count());
    promised -= run.count;
    return run;
}

Mfn mfn_of(Pfn pfn) { return pfn.value < total ? Mfn{physical_to_machine[pfn.value]} : Mfn{~std::uint64_t{0}}; }

Pfn pfn_of(Mfn mfn) {
    if (mfn.value >= MACH2PHYS_NR_ENTRIES) return Pfn{~std::uint64_t{0}};
    return Pfn{machine_to_phys_mapping[mfn.value]};
}

/// Lowest run of free frames in [from, to), taken; for pages.cpp.
std::uint64_t take_run(std::uint64_t count, std::uint64_t from, std::uint64_t to) {
    if (!available(count)) return FrameMap::none;
    refill(); // before the mapped frames are gone: without any, no more could be mapped
    const std::uint64_t first = map.find_run(count, from, to);
    return first != FrameMap::none && map.take(first, count) ? first : FrameMap::none;
}

} // namespace minios::frames
