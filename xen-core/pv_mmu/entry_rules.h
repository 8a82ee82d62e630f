// SPDX-License-Identifier: MIT
// The judge: is a page-table entry legal in a table of a given level, what does it need of the frame it names, and how
// is it really written? Which segment descriptors may a guest have? Pure: depends on the entry alone. The numbers are
// those of the PV ABI as 64-bit guests know it.
#pragma once

#include "arch/x86_64/page_table_entry.h"

namespace skerry::rules {

// Software bits. 52 marks a page of the guest's kernel: both kernel and user run in ring 3, so every present entry
// carries the user bit, and this one keeps what the guest asked for.
inline constexpr uint64_t guest_kernel = uint64_t{1} << 52;
inline constexpr uint64_t available_high = uint64_t{0x7ff} << 52;
inline constexpr uint64_t cache_attributes = pte::write_through | pte::cache_disable | pte::page_size_or_pat;

inline constexpr uint64_t table_flags = pte::present | pte::writable | pte::user | pte::accessed | pte::dirty |
                                        pte::available | available_high | pte::no_execute;
// The global bit is accepted, as in Xen, but never written: a flush of an address space must flush all of it.
inline constexpr uint64_t l1_flags = table_flags | pte::global;

constexpr uint64_t refused_flags(unsigned level, bool may_set_cache_attributes) {
    uint64_t allowed = level > 1 ? table_flags : may_set_cache_attributes ? l1_flags | cache_attributes : l1_flags;
    return pte::flags_mask & ~allowed;
}

// How a legal present entry is written.
constexpr Pte adjusted(unsigned level, Pte entry) {
    if (level > 1) return entry.with(pte::user);
    if ((entry.raw & (pte::user | pte::global)) == pte::user) [[likely]]
        return entry;
    uint64_t kernel_mark = entry.is_user() ? 0 : guest_kernel;
    return Pte((entry.raw & ~pte::global) | pte::user | kernel_mark);
}

// What a present entry needs of the frame it names: a use as a table of the level below (or of the same level, if it is
// not writable); in an L1 a reference, with a writable use if it is writable. (One that is not present needs nothing
// and may hold anything.) Need these two the same of the same frame? At least one of them is present.
constexpr bool same_need(Pte a, Pte b) { return !((a.raw ^ b.raw) & (pte::frame_mask | pte::present | pte::writable)); }

// Is this slot of a table of this level the guest's?
constexpr bool is_guest_slot(unsigned level, unsigned index) {
    return level < 4 || index < layout::first_core_slot || index > layout::last_core_slot;
}

// The judge of segment descriptors (Intel SDM volume 3, 3.4.5 and 3.5): what may stand in a GDT or LDT page of a guest.
// A legal descriptor may be changed: code and data segments get privilege level 3, whatever the guest asked for.
// Refused are all system descriptors that could be loaded or passed through (gates, task states, LDTs).
constexpr bool judge_descriptor(uint64_t& descriptor) {
    constexpr uint64_t present = uint64_t{1} << 47;
    constexpr uint64_t code_or_data = uint64_t{1} << 44;
    constexpr uint64_t privilege = uint64_t{3} << 45;
    constexpr uint64_t type = uint64_t{15} << 40;
    if (!(descriptor & present)) return true; // using it faults
    if (descriptor & code_or_data) {
        descriptor |= privilege;
        return true;
    }
    return !(descriptor & type); // type 0 is reserved: using it faults
}

} // namespace skerry::rules
