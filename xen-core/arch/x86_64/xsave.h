// SPDX-License-Identifier: MIT
// Extended processor state: the instructions. xen-core itself is compiled without FPU and vector registers, so this
// state is the guest's from boot to end and moves only on a vCPU switch. Save areas are 64-byte aligned,
// cpu_features.xsave_size long.
#pragma once

#include "arch/x86_64/features.h"

namespace skerry {

namespace xstate {
inline constexpr uint64_t x87 = 1 << 0, sse = 1 << 1, avx = 1 << 2, opmask = 1 << 5, zmm_high = 1 << 6,
                          zmm_16_31 = 1 << 7;
// What guests may use: AVX-512 is the largest. MPX is gone from new CPUs; PKRU needs CR4.PKE, which PV does not have.
inline constexpr uint64_t supported = x87 | sse | avx | opmask | zmm_high | zmm_16_31;
} // namespace xstate

// The save area of `components`. What is restored must be well formed (domain/extended_state.cpp).
inline void xsave(void* area, uint64_t components) {
    asm volatile("xsave64 (%0)" ::"r"(area), "a"(components), "d"(components >> 32) : "memory");
}
inline void xsaveopt(void* area, uint64_t components) {
    asm volatile("xsaveopt64 (%0)" ::"r"(area), "a"(components), "d"(components >> 32) : "memory");
}
inline void xrstor(const void* area, uint64_t components) {
    asm volatile("xrstor64 (%0)" ::"r"(area), "a"(components), "d"(components >> 32) : "memory");
}
inline void fxsave(void* area) { asm volatile("fxsave64 (%0)" ::"r"(area) : "memory"); }
inline void fxrstor(const void* area) { asm volatile("fxrstor64 (%0)" ::"r"(area) : "memory"); }

} // namespace skerry
