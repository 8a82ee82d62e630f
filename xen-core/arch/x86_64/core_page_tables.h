// SPDX-License-Identifier: MIT
// xen-core's own page tables: the contents of L4 slots 256..271, which every address space shares. Built by boot/;
// afterwards it is changed only here. Tables once made are never freed, so a table's address may be kept.
#pragma once

#include "arch/x86_64/page_table_entry.h"
#include "base/result.h"

namespace skerry {

// The L4 that runs xen-core without a guest (boot, idle before the first vCPU).
inline constinit Mfn core_l4 = invalid_mfn;

// Where new tables come from: what is left at boot first, then memory/'s allocator (both set by boot/). Returns a
// zeroed frame, or invalid_mfn when there is none.
using FrameSource = Mfn (*)();
inline constinit FrameSource core_frame_source = nullptr;

// The entry of `level` (1..4) that maps `virt` (in slots 256..271), making the tables on the way. nullptr: no memory,
// or a larger page is there.
Pte* core_entry(uint64_t virt, unsigned level);
inline Pte* core_l1_entry(uint64_t virt) { return core_entry(virt, 1); }

// Map one page. If the entry was present, the caller owes a flush on the CPUs that used it: nothing is flushed here.
// Errors: no_memory.
Status map_core_page(uint64_t virt, Mfn mfn, uint64_t flags);

// Map device registers (uncached) or firmware's tables (cached, read-only), for good. `size` bytes from `address`, any
// alignment. nullptr when there is no memory. Start-up only.
volatile void* map_mmio(MachAddr address, uint64_t size);
const void* map_firmware(MachAddr address, uint64_t size);

// Copy slots 256..271 into a table that is about to become an L4.
void copy_core_slots(Pte* l4);

} // namespace skerry
