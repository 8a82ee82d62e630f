// SPDX-License-Identifier: MIT
// Segments. As numbers: what xen-core's own descriptors look like (Intel SDM volume 3, 3.4.5 and 3.5; pv_mmu judges
// those of guests). As registers: reading selectors, loading ones that a guest chose (which may fault), and the bases
// of FS and GS.
#pragma once

#include "arch/x86_64/instructions.h"

namespace skerry {

namespace descriptor {
inline constexpr uint64_t present = uint64_t{1} << 47;

inline constexpr uint64_t core_code64 = 0x00af9b000000ffff;
inline constexpr uint64_t core_data = 0x00cf93000000ffff;
inline constexpr uint64_t guest_code32 = 0x00cffb000000ffff;
inline constexpr uint64_t guest_data = 0x00cff3000000ffff;
inline constexpr uint64_t guest_code64 = 0x00affb000000ffff;

// The two words of a 16-byte system descriptor.
inline constexpr uint64_t type_ldt = 2, type_available_tss = 9;
constexpr uint64_t system_low(uint64_t type, uint64_t base, uint32_t limit) {
    return (limit & 0xffff) | (base & 0xffffff) << 16 | type << 40 | present | uint64_t{(limit >> 16) & 15} << 48 |
           (base >> 24 & 0xff) << 56;
}
constexpr uint64_t system_high(uint64_t base) { return base >> 32; }
} // namespace descriptor

namespace selector {
inline constexpr uint16_t core_code = 0xe008;
inline constexpr uint16_t core_data = 0xe010;
inline constexpr uint16_t ring3_code32 = 0xe023;   // FLAT_RING3_CS32 of the ABI
inline constexpr uint16_t ring3_data = 0xe02b;     // FLAT_RING3_SS64
inline constexpr uint16_t ring3_code64 = 0xe033;   // FLAT_RING3_CS64
inline constexpr uint16_t per_cpu_system = 0xf000; // + 16 * CPU: that CPU's TSS at start-up, then its LDT descriptor
// A guest's code selector always has a privilege level of 3.
constexpr uint16_t for_ring3(uint16_t value) { return value | 3; }
} // namespace selector

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
#define SKERRY_SEGMENT_BASE(name)                                                                                      \
    inline uint64_t read_##name##_base(bool fsgsbase) {                                                                \
        if (!fsgsbase) return read_msr(msr::name##_base);                                                              \
        uint64_t value;                                                                                                \
        asm volatile("rd" #name "base %0" : "=r"(value));                                                              \
        return value;                                                                                                  \
    }                                                                                                                  \
    inline void write_##name##_base(bool fsgsbase, uint64_t value) {                                                   \
        if (!fsgsbase) return write_msr(msr::name##_base, value);                                                      \
        asm volatile("wr" #name "base %0" ::"r"(value));                                                               \
    }
SKERRY_SEGMENT_BASE(fs)
SKERRY_SEGMENT_BASE(gs)
#undef SKERRY_SEGMENT_BASE

} // namespace skerry
