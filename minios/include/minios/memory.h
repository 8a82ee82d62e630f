// SPDX-License-Identifier: MIT
// Memory of the domain: frames, pages, mappings and the heap.
//
// Virtual layout:
//   0x400000...      the image, then what the domain's builder put after it (the initial region, pseudo-physical
//                    frame 0 upwards)
//   32 to 64 GiB     stacks, each above a guard that cannot be touched, from a random page on (minios/regions.h)
//   64 GiB           mappings: foreign frames, grants, machine frames
//   128 to 256 GiB   heap, from a random page on: backed on first use, zero until written
//   256 GiB          pages: frame n at 256 GiB + n * 4 KiB, for frames outside the initial region
//   1 to 64 TiB      other regions, from a random page on: mmap()'s
// Invariants: no page is both writable and executable; only text is executable; text and rodata are never writable.
// Everything here belongs to the one vCPU and is not re-entered: no locks.
#pragma once

#include <minios/types.h>
#include <minios/xen.h>

#include <cstddef>
#include <cstdint>
#include <new>
#include <span>

namespace minios {

// --- frames: pseudo-physical memory ---------------------------------------------------------------------------------
namespace frames {

/// Frames that are neither used nor reserved.
std::uint64_t free_count();

/// Takes one frame that nothing maps writably. Its content is unspecified.
Result<Pfn> allocate();

/// Takes exactly the frames [first, first + count), or none and Error::busy.
Result<void> claim(Pfn first, std::uint64_t count);

/// Gives frames back. They must not be mapped at the heap or by a mapping any more.
void release(Pfn first, std::uint64_t count = 1);

/// The machine frame behind a frame of this domain; an invalid pfn gives Mfn(~0).
Mfn mfn_of(Pfn pfn);
/// This domain's frame number for one of its machine frames (from the machine-to-physical table).
Pfn pfn_of(Mfn mfn);

} // namespace frames

// --- pages: contiguous, always mapped and writable -------------------------------------------------------------------
namespace pages {

/// `count` pages, contiguous in virtual and pseudo-physical memory, writable, zeroed; nullptr when there are none.
void* allocate(std::size_t count = 1);
/// Gives back exactly what allocate() returned.
void release(void* first, std::size_t count = 1);

/// The frame behind an address of the image, of pages::allocate(), or of the initial region.
Pfn pfn_of(const void* address);
inline Mfn mfn_of(const void* address) { return frames::mfn_of(pfn_of(address)); }
/// Where a frame is (or would be) mapped by this allocator; maps the block around it when needed. nullptr: no page
/// table.
void* address_of(Pfn pfn);
/// Where `count` consecutive frames can be read side by side, wherever they lie. nullptr: no page table, or not all are
/// this domain's.
const void* constant_address_of(Pfn first, std::uint64_t count);

} // namespace pages

// --- mappings -------------------------------------------------------------------------------------------------------
enum class Access { read_only, read_write };

namespace mapping {

/// Maps frames of `owner` (which may be dom_self, DOMID_IO or another domain over which this one has the right) side by
/// side. All or nothing. Never executable.
Result<void*> map_frames(DomId owner, std::span<const Mfn> machine_frames, Access access);

/// As above, for `count` consecutive machine frames.
Result<void*> map_range(DomId owner, Mfn first, std::size_t count, Access access);

/// Removes a mapping made above; `count` as given there.
void unmap(void* first, std::size_t count);

/// Address space alone, with page tables below it but no frames: for grant maps. `count` pages.
Result<void*> reserve(std::size_t count);
/// Gives back what reserve() gave; the entries must be empty.
void unreserve(void* first, std::size_t count);

} // namespace mapping

// --- raw page tables: for loaders that build an address space of their own -------------------------------------------
namespace page_table {

/// The level-1 entry that maps `address`, 0 when there is none.
std::uint64_t entry_of(const void* address);
/// Machine address of the level-1 entry for `address`; page tables are made when `create`. 0: none.
std::uint64_t entry_location(const void* address, bool create);
/// Changes how an existing page of ours is mapped.
Result<void> protect(void* address, std::size_t count, Access access);
/// The frame of the top-level table.
Mfn root();
/// Walks every entry; returns the number of pages both writable and executable and says each one on the console. 0 is
/// right.
std::size_t count_writable_executable();

} // namespace page_table

// --- heap ----------------------------------------------------------------------------------------------------------
// A region (minios/regions.h): a block costs address space and a promise of memory until it is written. With SKERRY_HEAP=debug on
// the command line, misuse is looked for (docs/posix.md). The C and C++ names
// (malloc, new) are these, by way of minios/freestanding or minios/libc.
namespace heap {

/// At least `size` bytes, aligned to 16; nullptr when memory is short.
void* allocate(std::size_t size);
/// As allocate(), and zero; pages that were never written stay without memory.
void* allocate_zeroed(std::size_t size);
/// `alignment` is a power of two.
void* allocate_aligned(std::size_t alignment, std::size_t size);
/// Makes a block larger or smaller, moving it if needed; nullptr, and the block as it was, when memory is short.
void* resize(void* p, std::size_t size);
/// nullptr is allowed. A pointer that is no allocated block is the end of the domain.
void release(void* p);
/// Usable bytes of a block; 0 for nullptr.
std::size_t size_of(void* p);

/// An object of its own; nullptr when memory is short.
template <class T> T* make() {
    void* p = allocate_aligned(alignof(T), sizeof(T));
    return p != nullptr ? ::new (p) T : nullptr;
}
template <class T> void destroy(T* p) {
    p->~T();
    release(p);
}

/// Makes [p, p + size) present and writable, so that the hypervisor can write to it. False: it may not be written, or there is no
/// memory.
bool touch(void* p, std::size_t size);

struct Usage {
    std::size_t in_use;  ///< bytes handed out
    std::size_t peak;    ///< most ever handed out
    std::size_t reached; ///< bytes of address space ever used
    std::size_t limit;   ///< bytes it may grow to
    std::size_t backed;  ///< pages of all regions with a frame of their own
};
Usage usage();

} // namespace heap
} // namespace minios

#if __STDC_HOSTED__
#include <stdlib.h>
#else
// Without a C library: nullptr when memory is short; so does operator new(std::nothrow). Plain new panics.
extern "C" {
void* malloc(std::size_t size) noexcept;
void* calloc(std::size_t count, std::size_t size) noexcept;
void* realloc(void* p, std::size_t size) noexcept;
void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept;
void free(void* p) noexcept;
}
#endif
