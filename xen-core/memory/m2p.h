// SPDX-License-Identifier: MIT
// The machine-to-physical table: for each frame, the pseudo-physical number that its owner gave it. Advice, never
// trusted by xen-core. Guests read all of it through the read-only view (<xen/arch-x86/xen-x86_64.h>,
// machine_to_phys_mapping). Entries of frames that nobody set read as invalid_m2p_entry.
#pragma once

#include "arch/x86_64/layout.h"
#include "memory/frame_table.h"

namespace skerry {

inline constexpr uint64_t invalid_m2p_entry = ~uint64_t{0}; // INVALID_M2P_ENTRY of the ABI

#ifdef SKERRY_HOST
inline uint64_t* m2p_base = nullptr; // set by the test's machine: max_mfn + 1 entries
#else
inline uint64_t* const m2p_base = reinterpret_cast<uint64_t*>(layout::m2p_view);
#endif

// `mfn` must be RAM: only there is the table backed for writing.
inline void set_m2p(Mfn mfn, Pfn pfn) { __atomic_store_n(&m2p_base[mfn.value], pfn.value, __ATOMIC_RELAXED); }
inline void clear_m2p(Mfn mfn) { set_m2p(mfn, Pfn(invalid_m2p_entry)); }
inline Pfn get_m2p(Mfn mfn) { return Pfn(__atomic_load_n(&m2p_base[mfn.value], __ATOMIC_RELAXED)); }

} // namespace skerry
