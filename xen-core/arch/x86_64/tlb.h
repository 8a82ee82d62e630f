// SPDX-License-Identifier: MIT
// Translation caches: flushing this CPU's, and shooting down other CPUs'. Owns the per-CPU mailboxes.
//
// A request raises the target's ticket and merges what to flush into its mailbox; the target serves it in
// spin_wait_hook(), on its way back to a guest (PendingWork::tlb_flush) and from the idle loop, and the requester
// waits, itself serving, until each target has passed its ticket. No lock is taken, so a CPU may flush while it holds
// any. xen-core's own mappings are global and change only through map_core_page().
//
// Where the CPU has PCIDs, the kernel and the user of the loaded vCPU have one each, so that going from one to the other
// loses no translation. A flush acts on the one in use; the other one's it marks as stale (CpuLocal::cr3_tags), and they
// are flushed before they are used again. So for everybody else a CPU that was flushed has forgotten everything.
#pragma once

#include "base/cpu_set.h"

#include <atomic>

namespace skerry {

// The CPUs that are up (set by boot/; a CPU is never removed).
inline constinit CpuSet online_cpus;

// This CPU: the address space that is not in use now (the user's while the kernel runs) is flushed when it is loaded.
void distrust_translations();
// This CPU, all translations but xen-core's global ones.
void flush_tlb_local();
// This CPU, one page (of the current address space, or global).
void invlpg_local(GuestVirt virt);

// Each CPU of the set that is online (this one included, if it is in it). Return when all have done it.
void flush_tlb(const CpuSet& cpus);
void flush_page(const CpuSet& cpus, GuestVirt virt);
// Write back and invalidate the caches of each CPU of the set (guest operations with the right to).
void flush_caches(const CpuSet& cpus);

// Serve this CPU's mailbox: called by spin_wait_hook(), the exit path and the idle loop.
void serve_flush_requests();

} // namespace skerry
