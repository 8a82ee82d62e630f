// SPDX-License-Identifier: MIT
// Extended processor state: the instructions. xen-core itself is compiled without FPU and vector registers, so this
// state is the guest's from boot to end and moves only on a vCPU switch. Save areas are 64-byte aligned,
// cpu_features.xsave_size long.
#pragma once

#include "arch/x86_64/features.h"

namespace skerry {

namespace xstate {
inline constexpr uint64_t x87 = 1 << 0, sse = 1 << 1, avx = 1 << 2, bndregs = 1 << 3, bndcsr = 1 << 4, opmask = 1 << 5,
                          zmm_high = 1 << 6, zmm_16_31 = 1 << 7, pkru = 1 << 9;
// What guests may use: AVX-512 is the largest. MPX is gone from new CPUs; PKRU needs CR4.PKE, which PV does not have.
inline constexpr uint64_t supported = x87 | sse | avx | opmask | zmm_high | zmm_16_31;
} // namespace xstate

inline void xsave(void* area, uint64_t components) {
    asm volatile("xsave64 (%0)" ::"r"(area), "a"(static_cast<uint32_t>(components)),
                 "d"(static_cast<uint32_t>(components >> 32))
                 : "memory");
}
inline void xsaveopt(void* area, uint64_t components) {
    asm volatile("xsaveopt64 (%0)" ::"r"(area), "a"(static_cast<uint32_t>(components)),
                 "d"(static_cast<uint32_t>(components >> 32))
                 : "memory");
}
inline void fxsave(void* area) { asm volatile("fxsave64 (%0)" ::"r"(area) : "memory"); }

// The area must be well formed: restoring what a guest or a toolstack wrote goes through xrstor_safe/fxrstor_safe,
// which return false (and leave the registers as they were or initialised) where the CPU refuses the area.
bool xrstor_safe(const void* area, uint64_t components);
bool fxrstor_safe(const void* area);
inline void xrstor(const void* area, uint64_t components) {
    asm volatile("xrstor64 (%0)" ::"r"(area), "a"(static_cast<uint32_t>(components)),
                 "d"(static_cast<uint32_t>(components >> 32))
                 : "memory");
}
inline void fxrstor(const void* area) { asm volatile("fxrstor64 (%0)" ::"r"(area) : "memory"); }

} // namespace skerry
