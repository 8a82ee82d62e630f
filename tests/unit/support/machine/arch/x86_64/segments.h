// SPDX-License-Identifier: MIT
// In place of xen-core's header of this name, on the host: the same, but no segment register is changed.
#pragma once

#define load_ds real_load_ds
#define load_es real_load_es
#define load_fs real_load_fs
#define load_gs real_load_gs
#define swap_gs real_swap_gs
#include_next "arch/x86_64/segments.h"
#undef load_ds
#undef load_es
#undef load_fs
#undef load_gs
#undef swap_gs

namespace skerry {

// As if every descriptor of the guest's were absent, and the flat ones there.
inline bool load_segment(uint16_t value) { return value < 4 || value >= selector::core_code; }
inline bool load_ds(uint16_t value) { return load_segment(value); }
inline bool load_es(uint16_t value) { return load_segment(value); }
inline bool load_fs(uint16_t value) { return load_segment(value); }
inline bool load_gs(uint16_t value) { return load_segment(value); }
inline void swap_gs() {}

} // namespace skerry
