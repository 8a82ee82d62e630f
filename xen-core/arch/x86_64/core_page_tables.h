// SPDX-License-Identifier: MIT
// xen-core's own page tables: the contents of L4 slots 256..271, which every address space shares. Built by boot/; afterwards
// it is changed only here. Tables once made are never freed, so a table's address may be kept.
#pragma once

#include "arch/x86_64/page_table_entry.h"
#include "base/result.h"

namespace skerry {

// The L4 that runs xen-core without a guest (boot, idle before the first vCPU).
extern Mfn core_l4;

// Where new tables come from: the boot allocator first, then memory/'s (set by boot/). Returns a zeroed frame, or
// invalid_mfn when there is none.
using TableSource = Mfn (*)();
extern TableSource core_table_source;

// The L1 entry that maps `virt` (in slots 256..271), making the tables on the way. nullptr: no memory, or a large page is there.
Pte* core_l1_entry(uint64_t virt);

// Map one page. If the entry was present, the caller owes flush_core_page(): nothing is flushed here.
Status map_core_page(uint64_t virt, Mfn mfn, uint64_t flags);
// Remove one page's mapping and flush it on every online CPU.
void unmap_core_page(uint64_t virt);

// Map device registers, uncached, for good. `size` bytes from `address`, any alignment. nullptr when there is no memory.
volatile void* map_mmio(MachAddr address, uint64_t size);

// Copy slots 256..271 into a table that is about to become an L4.
void copy_core_slots(Pte* l4);

} // namespace skerry
