// SPDX-License-Identifier: MIT
// Where the descriptor tables of vCPUs stand in the address space (layout::vcpu_window): 16 pages of GDT, of which the
// last two are xen-core's and the same everywhere, then 16 pages of LDT. Window 0 has no guest's pages; a CPU that has
// no vCPU loaded uses it.
//
// GDT pages that the guest has not set show a page of zeros: loading such a selector is a general protection fault. LDT
// pages are absent until mapped: traps/ fills them on demand.
//
// Mappings here are not global: a CPU forgets those of a vCPU when it loads another page-table base. Whoever changes a
// page of a window calls forget_window_page() if this CPU has it loaded.
// Thread safety: allocate and free from any CPU; a window's pages are changed by its owner only.
#pragma once

#include "arch/x86_64/layout.h"
#include "base/result.h"

namespace skerry {

// Enough for 32,768 vCPUs; one page of bits.
inline constexpr uint32_t window_limit = 32768;
static_assert(window_limit <= layout::max_vcpu_windows);
inline constexpr unsigned window_gdt_guest_pages = 14;
inline constexpr unsigned window_ldt_first_page = 16;
inline constexpr unsigned window_ldt_pages = 16;

// Boot CPU, once, when core_l1_entry() works.
void set_up_descriptor_windows();

// Errors: no_space (all windows in use), no_memory (page tables).
Result<uint32_t> allocate_window();
// Every page of a guest must have been unmapped.
void free_window(uint32_t window);

// `page`: 0..13 of the GDT, or 16..31 (LDT). unmap shows zeros (GDT) or nothing (LDT).
void map_window_page(uint32_t window, unsigned page, Mfn mfn);
void unmap_window_page(uint32_t window, unsigned page);
void forget_window_page(uint32_t window, unsigned page);

// Points this CPU at the tables of a window.
void load_window_gdt(uint32_t window);
void load_window_ldt(CpuId cpu, uint32_t window, unsigned entries);
// Loads the task register of this CPU. Window 0 must be loaded.
void load_task_state(CpuId cpu, const void* task_state);

// Which page of which window's LDT is at this address, if any.
struct WindowAddress {
    uint32_t window;
    unsigned offset; // from the window's start
};
constexpr bool is_window_address(uint64_t address) {
    return address - layout::vcpu_windows < uint64_t{window_limit} * layout::vcpu_window_size;
}
constexpr WindowAddress window_address(uint64_t address) {
    uint64_t offset = address - layout::vcpu_windows;
    return {static_cast<uint32_t>(offset / layout::vcpu_window_size),
            static_cast<unsigned>(offset % layout::vcpu_window_size)};
}

} // namespace skerry
