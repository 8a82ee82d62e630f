// SPDX-License-Identifier: MIT
// Pages, frames and page tables of a tiny guest. All memory a case uses lies inside the image (a static pool), so that
// it is mapped from the start and its pseudo-physical numbers are plain arithmetic. ABI: xen/xen.h (mmu_update,
// mmuext_op).
#pragma once
#include "lib/hypercall.h"

namespace skerry::guest {

constexpr uint64_t pte_present = 1, pte_write = 2, pte_user = 4, pte_pwt = 8, pte_pcd = 16, pte_accessed = 32,
                   pte_dirty = 64, pte_large = 128, pte_global = 256, pte_nx = 1ULL << 63;
constexpr uint64_t table_flags = pte_present | pte_write | pte_user | pte_accessed | pte_dirty;
constexpr uint64_t page_flags = pte_present | pte_write | pte_user | pte_accessed | pte_dirty;
constexpr uint64_t frame_mask = 0x000ffffffffff000ULL;
constexpr unsigned pool_pages = 800;

using Mfn = uint64_t;

constexpr uint64_t entry(Mfn mfn, uint64_t flags) { return mfn << 12 | flags; }
constexpr Mfn entry_mfn(uint64_t value) { return (value & frame_mask) >> 12; }

// Zeroed pages of the pool. alloc_pages gives neighbours. Running out ends the guest with a message.
void* alloc_page();
void* alloc_pages(unsigned count);
void free_page(void* page); // the page must be mapped writable again

Mfn pfn_to_mfn(uint64_t pfn);    // by the table Xen gave
uint64_t pfn_of(const void* at); // of memory in the initial mapping
Mfn mfn_of(const void* at);
uint64_t machine_of(const void* at);         // machine address
uint64_t mfn_to_pfn(Mfn mfn);                // by Xen's machine-to-physical table
void* virt_of(Mfn mfn);                      // in the initial mapping
void set_pfn_mfn(uint64_t pfn, Mfn mfn);     // the library's own table (after an exchange)
Mfn* physical_to_machine_slot(uint64_t pfn); // the table's entry itself (a peer's builder fills it)

// Page tables by walking from the current base; entries are read-only to us.
uint64_t* top_table(); // the kernel's L4
uint64_t* level_entry(const void* at,
                      unsigned level); // entry of `at` in its L1 (1) .. L4 (4) table; null when a table is missing
inline uint64_t* l1_entry(const void* at) { return level_entry(at, 1); }

// Hypercalls. Return 0 or Xen's error.
long update(uint64_t pointer, uint64_t value, unsigned dom = DOMID_SELF);
inline long set_entry(const uint64_t* where, uint64_t value) { return update(machine_of(where), value); }
long set_mapping(const void* at, uint64_t value, unsigned long flags = UVMF_INVLPG);
long set_mapping_of(const void* at, uint64_t value, unsigned dom, unsigned long flags = UVMF_INVLPG);
long mmuext(unsigned command, uint64_t first = 0, uint64_t second = 0, unsigned dom = DOMID_SELF);
long make_readonly(void* page);
long make_writable(void* page);
long unmap(void* page); // from the initial mapping
inline long pin(unsigned level, Mfn mfn, unsigned dom = DOMID_SELF) {
    return mmuext(MMUEXT_PIN_L1_TABLE + level - 1, mfn, 0, dom);
}
inline long unpin(Mfn mfn, unsigned dom = DOMID_SELF) { return mmuext(MMUEXT_UNPIN_TABLE, mfn, 0, dom); }

// A window of 512 pages elsewhere in the kernel's address space, empty until used.
constexpr unsigned window_pages = 512;
void* window(unsigned index);
long window_map(unsigned index, uint64_t value, unsigned dom = DOMID_SELF);
long window_unmap(unsigned index);

void* image_base(); // the first byte of the image

// Called once at start, and in a peer.
void memory_start();

} // namespace skerry::guest
