// SPDX-License-Identifier: MIT
#include <minios/processor.h>

#include "internal.h"

namespace minios::processor {

namespace {

// CPUID leaf 1, ECX.
constexpr std::uint32_t has_fma = 1u << 12, has_xsave = 1u << 26, has_avx = 1u << 28;
constexpr std::uint64_t cr4_osxsave = 1 << 18;
constexpr std::uint32_t xcr0_x87 = 1, xcr0_sse = 2, xcr0_avx = 4;

} // namespace

// Control registers are the hypervisor's; it emulates access to the few bits that a guest may choose.
bool enable_fused_multiply_add() {
    std::uint32_t eax = 1, ebx, ecx = 0, edx;
    asm volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    constexpr std::uint32_t all = has_fma | has_xsave | has_avx;
    if ((ecx & all) != all) return false;
    std::uint64_t cr4;
    asm volatile("mov %%cr4, %0" : "=r"(cr4));
    asm volatile("mov %0, %%cr4" : : "r"(cr4 | cr4_osxsave));
    asm volatile("mov %%cr4, %0" : "=r"(cr4));
    if ((cr4 & cr4_osxsave) == 0) return false;
    asm volatile("xsetbv" : : "a"(xcr0_x87 | xcr0_sse | xcr0_avx), "d"(0), "c"(0));
    return true;
}

} // namespace minios::processor
