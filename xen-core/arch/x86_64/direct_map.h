// SPDX-License-Identifier: MIT
// The one place where a machine address becomes a pointer. On the target all RAM is mapped at layout::direct_map; a
// host test sets direct_map_base to its own arena, so that the same code runs on ordinary memory.
#pragma once

#include "arch/x86_64/layout.h"

namespace skerry {

#ifdef SKERRY_HOST
inline uint64_t direct_map_base = 0; // the test's arena is machine address 0
#else
inline constexpr uint64_t direct_map_base = layout::direct_map;
#endif

// `address` must be RAM (is_ram() of its frame): nothing else is mapped there.
template <typename T = void> inline T* to_pointer(MachAddr address) {
    return reinterpret_cast<T*>(direct_map_base + address.value);
}

template <typename T = void> inline T* to_pointer(Mfn mfn) { return to_pointer<T>(address_of(mfn)); }

// The inverse, for pointers that to_pointer() made (plus an offset inside the frame).
inline Mfn frame_of_pointer(const void* pointer) {
    return frame_of(MachAddr(reinterpret_cast<uint64_t>(pointer) - direct_map_base));
}

} // namespace skerry
