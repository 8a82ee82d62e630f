// SPDX-License-Identifier: MIT
// Where everything of xen-core stands in the address space. Slots 256..271 of every L4 table are xen-core's (the PV ABI
// reserves them: HYPERVISOR_VIRT_START..END in <xen/arch-x86/xen-x86_64.h>), and all L4 tables share them exactly, so a
// mapping made once is seen on every CPU. And the one place where a machine address becomes a pointer. Usable from
// assembly for the macros on top.
#pragma once

#define LAYOUT_IMAGE_VIRT 0xffff82d040000000 // where the linked image runs
#define LAYOUT_IMAGE_PHYS 0x200000           // where the boot loader puts it
#define LAYOUT_DIRECT_MAP 0xffff830000000000

#ifndef __ASSEMBLER__
#include "base/types.h"

namespace skerry::layout {

inline constexpr unsigned first_core_slot = 256; // L4 slots that are the same in every address space
inline constexpr unsigned last_core_slot = 271;

// The machine-to-physical table: the guests' read-only view (user-readable) and xen-core's writable one.
inline constexpr uint64_t m2p_guest_view = 0xffff800000000000;
inline constexpr uint64_t m2p_view = 0xffff828000000000;

// One window per vCPU: 64 KiB of GDT (14 pages of the guest's frames, then the reserved page, then nothing), 64 KiB of
// LDT.
inline constexpr uint64_t vcpu_windows = 0xffff82c000000000;
inline constexpr uint64_t vcpu_windows_end = 0xffff82d000000000;
inline constexpr uint64_t vcpu_window_size = 128 * 1024;
inline constexpr uint64_t vcpu_window_ldt_offset = 64 * 1024;
inline constexpr uint32_t max_vcpu_windows = (vcpu_windows_end - vcpu_windows) / vcpu_window_size;
constexpr uint64_t vcpu_window(uint32_t index) { return vcpu_windows + index * vcpu_window_size; }

inline constexpr uint64_t image_virt = LAYOUT_IMAGE_VIRT;
inline constexpr uint64_t image_phys = LAYOUT_IMAGE_PHYS;
// The machine address of what stands in the image.
inline MachAddr image_address(const void* place) {
    return MachAddr(reinterpret_cast<uint64_t>(place) - image_virt + image_phys);
}

// Device registers (local APIC, IO-APICs, HPET, firmware tables while they are read): handed out by map_mmio().
inline constexpr uint64_t mmio = 0xffff82d080000000;
inline constexpr uint64_t mmio_end = 0xffff82d0c0000000;

// Per-CPU stacks: 32 KiB, aligned to 32 KiB. arch/x86_64/cpu_local.h says what is inside, guard pages included.
inline constexpr uint64_t stacks = 0xffff82d0c0000000;

// 32 bytes for each frame of RAM. Holes of up to max_mfn() read as zeros.
inline constexpr uint64_t frame_table = 0xffff82e000000000;

// All RAM, writable and never executable.
inline constexpr uint64_t direct_map = LAYOUT_DIRECT_MAP;
inline constexpr uint64_t direct_map_end = 0xffff880000000000;
inline constexpr uint64_t max_machine_frames = (direct_map_end - direct_map) >> page_shift;

// What a guest may never touch or map: the whole of xen-core's slots, and everything that is not canonical.
inline constexpr uint64_t core_start = 0xffff800000000000;
inline constexpr uint64_t core_end = 0xffff880000000000;

} // namespace skerry::layout

namespace skerry {

// On the target all RAM is mapped at layout::direct_map; a host test sets direct_map_base to its own arena, so that the
// same code runs on ordinary memory.
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
#endif
