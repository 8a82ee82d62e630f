// SPDX-License-Identifier: MIT
// Segment registers: reading selectors, loading ones that a guest chose (which may fault), and the bases of FS and GS.
#pragma once

#include "arch/x86_64/code_tables.h"
#include "arch/x86_64/instructions.h"

namespace skerry {

#define SKERRY_SEGMENT(name)                                                                                           \
    inline uint16_t read_##name() {                                                                                    \
        uint32_t value;                                                                                                \
        asm volatile("mov %%" #name ", %0" : "=r"(value));                                                             \
        return static_cast<uint16_t>(value);                                                                           \
    }                                                                                                                  \
    /* False: the descriptor may not be loaded, and the register holds the null selector. */                           \
    [[nodiscard]] inline bool load_##name(uint16_t value) {                                                            \
        asm goto("1: mov %k0, %%" #name "\n" EXCEPTION_FIXUP("1b", "%l[fault]") : : "r"(value) : : fault);             \
        return true;                                                                                                   \
    fault:                                                                                                             \
        asm volatile("mov %k0, %%" #name : : "r"(0));                                                                  \
        return false;                                                                                                  \
    }
SKERRY_SEGMENT(ds)
SKERRY_SEGMENT(es)
SKERRY_SEGMENT(fs)
SKERRY_SEGMENT(gs)
#undef SKERRY_SEGMENT

// xen-core's own: CS and SS from the GDT just loaded, null in the rest.
inline void load_core_segments(uint16_t code, uint16_t data) {
    asm volatile("push %q0\n\t"
                 "lea 1f(%%rip), %%rax\n\t"
                 "push %%rax\n\t"
                 "lretq\n"
                 "1:\tmov %k1, %%ss\n\t"
                 "mov %k2, %%ds\n\t"
                 "mov %k2, %%es\n\t"
                 "mov %k2, %%fs\n\t"
                 "mov %k2, %%gs\n\t"
                 :
                 : "r"(uint64_t{code}), "r"(uint32_t{data}), "r"(0)
                 : "rax", "memory");
}

// The access rights of a selector as ring 3 sees them, as LAR gives them; 0 if there are none.
inline uint32_t access_rights(uint16_t selector) {
    uint32_t rights = 0;
    asm("lar %1, %0" : "+r"(rights) : "r"(uint32_t{selector}) : "cc");
    return rights;
}

// The base of the GS that is not in use: MSR KERNEL_GS_BASE. SWAPGS exchanges the two.
inline void swap_gs() { asm volatile("swapgs" ::: "memory"); }

// FSGSBASE instructions where this CPU has them enabled, else MSRs.
inline uint64_t read_fs_base(bool fsgsbase) {
    if (!fsgsbase) return read_msr(msr::fs_base);
    uint64_t value;
    asm volatile("rdfsbase %0" : "=r"(value));
    return value;
}
inline uint64_t read_gs_base(bool fsgsbase) {
    if (!fsgsbase) return read_msr(msr::gs_base);
    uint64_t value;
    asm volatile("rdgsbase %0" : "=r"(value));
    return value;
}
inline void write_fs_base(bool fsgsbase, uint64_t value) {
    if (!fsgsbase) return write_msr(msr::fs_base, value);
    asm volatile("wrfsbase %0" ::"r"(value));
}
inline void write_gs_base(bool fsgsbase, uint64_t value) {
    if (!fsgsbase) return write_msr(msr::gs_base, value);
    asm volatile("wrgsbase %0" ::"r"(value));
}

} // namespace skerry
