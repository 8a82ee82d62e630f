// SPDX-License-Identifier: MIT
// Regions: ranges of addresses whose pages come when they are touched. The heap, stacks and what mmap() makes are regions.
//
// A page that was only read is the shared zero page, read-only; the first write gives it a frame. A private page that
// may be written is *promised* a frame when the region is made (or made writable), so a touch always succeeds, and making
// the region fails instead: there is no overcommitment. What cannot be written costs nothing, whatever its size; nor
// does a `lazy` region, whose touch ends the domain when there is no memory. Page tables are made on touch too, and
// promised with the pages. No region is ever executable.
//
// The page fault handler does all this, in the middle of whatever touched the page; the hypervisor cannot: populate() what
// a hypercall is to write to.
#pragma once

#include <minios/memory.h>
#include <minios/types.h>

#include <cstddef>
#include <cstdint>

namespace minios::regions {

enum class Protection : std::uint8_t { none, read, read_write };

/// The bytes behind a mapped file, in memory. Its owner changes `bytes` and `size` as the file changes; before `size` becomes
/// smaller it calls forget(). Kept by each region that shows it.
struct Content {
    const void* bytes = nullptr;
    /// Bytes and the rest of the last page lie on pages that nothing else lies on, which regions show. Otherwise the
    /// bytes never change, and pages are copied on touch.
    bool in_pages_of_its_own = false;
    std::size_t size = 0; ///< bytes; touching a page wholly behind them ends the domain
    unsigned regions = 0; ///< that show it
    /// Pages of a shared mapping were written to; told when the mapping ends or is synchronized.
    void (*written)(Content& content) = nullptr;
    /// The last region that shows it has gone.
    void (*unused)(Content& content) = nullptr;
};

enum class Placement : std::uint8_t {
    anywhere,  ///< at `address` if that is free, else where there is room
    if_free,   ///< at `address`, or Error::exists
    replacing, ///< at `address`; what is there goes
};

struct Request {
    std::size_t size = 0; ///< bytes; rounded up to pages
    Protection protection = Protection::read_write;
    Placement placement = Placement::anywhere;
    void* address = nullptr; ///< on a page boundary
    bool lazy = false;
    bool shared = false;        ///< writes go to the content
    bool never_written = false; ///< protect() may not make it writable
    Content* content = nullptr;
    std::uint64_t offset = 0; ///< in the content; whole pages
};

/// The address; Error::invalid (nonsense), no_memory (promises, records or address space; also an `address` that is not
/// for mappings), exists.
Result<void*> map(const Request& request);

/// The pages of [first, first + size) are no region's any more. Pages that were none's do not matter. Error::invalid: not a range
/// where mappings lie; no_memory: cutting a region in two takes a record.
Result<void> unmap(void* first, std::size_t size);
/// Changes what may be done with pages. Error::no_memory: some are no region's, or cannot be promised; access: some
/// are never to be written.
Result<void> protect(void* first, std::size_t size, Protection protection);
/// Gives the frames back: private pages are as at the beginning, shared ones still as their file is. Error::no_memory: some are
/// no region's.
Result<void> discard(void* first, std::size_t size);
/// Gives each page of its own frame, so that the hypervisor can write there. Error::access: may not be written; no_memory.
Result<void> populate(void* first, std::size_t size);
/// Tells each content with written pages here of it. Error::no_memory: some pages are no region's.
Result<void> synchronize(void* first, std::size_t size);
/// Pages that show the content from `offset` (whole pages) on are unmapped, to come back on touch.
void forget(Content& content, std::uint64_t offset);

/// Is the whole range regions?
bool covers(const void* first, std::size_t size);

} // namespace minios::regions
