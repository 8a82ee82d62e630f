// SPDX-License-Identifier: MIT
// Single instructions with a name, and the numbers that go with them (Intel SDM volumes 3 and 4, AMD APM volume 2).
// Inline assembly lives here and in its neighbours in arch/, nowhere else.
#pragma once

#include "arch/x86_64/code_tables.h"
#include "base/types.h"

namespace skerry {

// The compiler is to have this value in a register from here on, not an expression.
inline void pin_to_register(uint64_t& value) { asm("" : "+r"(value)); }

inline void pause() { asm volatile("pause" ::: "memory"); }
inline void disable_interrupts() { asm volatile("cli" ::: "memory"); }
inline void let_interrupts_in() { asm volatile("sti; nop" ::: "memory"); } // they come after the nop
inline void enable_interrupts_and_halt() { asm volatile("sti; hlt" ::: "memory"); }
inline void halt() { asm volatile("hlt" ::: "memory"); }
inline void write_back_caches() { asm volatile("wbinvd" ::: "memory"); }
inline void clear_task_switched() { asm volatile("clts" ::: "memory"); }

inline uint64_t read_tsc() {
    uint32_t low, high;
    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return uint64_t{high} << 32 | low;
}
// Not before earlier loads have completed.
inline uint64_t read_tsc_ordered() {
    asm volatile("lfence" ::: "memory");
    return read_tsc();
}

#define SKERRY_PORT(bits, suffix)                                                                                      \
    inline uint##bits##_t in##bits(uint16_t port) {                                                                    \
        uint##bits##_t value;                                                                                          \
        asm volatile("in" suffix " %1, %0" : "=a"(value) : "Nd"(port));                                                \
        return value;                                                                                                  \
    }                                                                                                                  \
    inline void out##bits(uint16_t port, uint##bits##_t value) {                                                       \
        asm volatile("out" suffix " %0, %1" ::"a"(value), "Nd"(port));                                                 \
    }
SKERRY_PORT(8, "b")
SKERRY_PORT(16, "w")
SKERRY_PORT(32, "l")
#undef SKERRY_PORT

#define SKERRY_CONTROL_REGISTER(name)                                                                                  \
    inline uint64_t read_##name() {                                                                                    \
        uint64_t value;                                                                                                \
        asm volatile("mov %%" #name ", %0" : "=r"(value)::"memory");                                                   \
        return value;                                                                                                  \
    }                                                                                                                  \
    inline void write_##name(uint64_t value) { asm volatile("mov %0, %%" #name ::"r"(value) : "memory"); }
SKERRY_CONTROL_REGISTER(cr0)
SKERRY_CONTROL_REGISTER(cr2)
SKERRY_CONTROL_REGISTER(cr3)
SKERRY_CONTROL_REGISTER(cr4)
SKERRY_CONTROL_REGISTER(dr0)
SKERRY_CONTROL_REGISTER(dr1)
SKERRY_CONTROL_REGISTER(dr2)
SKERRY_CONTROL_REGISTER(dr3)
SKERRY_CONTROL_REGISTER(dr6)
SKERRY_CONTROL_REGISTER(dr7)
#undef SKERRY_CONTROL_REGISTER

namespace cr0 {
inline constexpr uint64_t protection = 1 << 0, monitor_coprocessor = 1 << 1, task_switched = 1 << 3,
                          numeric_error = 1 << 5, write_protect = 1 << 16, alignment_mask = 1 << 18, paging = 1u << 31;
} // namespace cr0
inline constexpr uint64_t cr3_no_flush = uint64_t{1} << 63; // with CR4.PCIDE: keep the translations of this PCID
namespace cr4 {
inline constexpr uint64_t time_stamp_disable = 1 << 2, debugging_extensions = 1 << 3,
                          physical_address_extension = 1 << 5, machine_check = 1 << 6, page_global = 1 << 7,
                          fxsr = 1 << 9, simd_exceptions = 1 << 10, umip = 1 << 11, fsgsbase = 1 << 16, pcid = 1 << 17,
                          osxsave = 1 << 18, smep = 1 << 20, smap = 1 << 21;
} // namespace cr4
namespace rflags {
inline constexpr uint64_t carry = 1 << 0, reserved_one = 1 << 1, trap = 1 << 8, interrupts = 1 << 9,
                          direction = 1 << 10, io_privilege = 3 << 12, nested_task = 1 << 14, resume = 1 << 16,
                          virtual_8086 = 1 << 17, alignment_check = 1 << 18;
} // namespace rflags

// What lgdt, lidt, sgdt and sidt exchange with memory.
struct [[gnu::packed]] DescriptorTableRegister {
    uint16_t limit;
    uint64_t base;
};
inline void load_gdt(const DescriptorTableRegister& gdt) { asm volatile("lgdt %0" ::"m"(gdt) : "memory"); }
inline void load_idt(const DescriptorTableRegister& idt) { asm volatile("lidt %0" ::"m"(idt) : "memory"); }
inline void load_ldt(uint16_t selector) { asm volatile("lldt %0" ::"r"(selector) : "memory"); }
inline void load_task_register(uint16_t selector) { asm volatile("ltr %0" ::"r"(selector) : "memory"); }

// --- Extended processor state --------------------------------------------------------------------------------------
// xen-core itself is compiled without FPU and vector registers, so this state is the guest's from boot to end and moves
// only on a vCPU switch.

namespace xstate {
inline constexpr uint64_t x87 = 1 << 0, sse = 1 << 1, avx = 1 << 2, opmask = 1 << 5, zmm_high = 1 << 6,
                          zmm_16_31 = 1 << 7;
// What guests may use: AVX-512 is the largest. MPX is gone from new CPUs; PKRU needs CR4.PKE, which PV does not have.
inline constexpr uint64_t supported = x87 | sse | avx | opmask | zmm_high | zmm_16_31;
} // namespace xstate

// Where an instruction takes a 64-bit value in edx:eax, the upper half of rax does not matter.
inline void write_xcr0(uint64_t value) { asm volatile("xsetbv" ::"c"(0), "a"(value), "d"(value >> 32) : "memory"); }

// Areas are 64-byte aligned, cpu_features.xsave_size long; what is restored must be well formed
// (domain/extended_state.h).
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

// --- CPUID: policy (which features are used, which a guest sees) is elsewhere: features.h, traps/ -------------------

struct CpuidLeaf {
    uint32_t eax, ebx, ecx, edx;
};

inline CpuidLeaf cpuid(uint32_t leaf, uint32_t subleaf = 0) {
    CpuidLeaf r;
    asm volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(subleaf));
    return r;
}

// --- Model-specific registers
// ------------------------------------------------------------------------------------------

namespace msr {
inline constexpr uint32_t tsc = 0x10, apic_base = 0x1b, tsc_adjust = 0x3b, arch_capabilities = 0x10a,
                          sysenter_cs = 0x174, sysenter_esp = 0x175, sysenter_eip = 0x176, mcg_cap = 0x179,
                          mcg_status = 0x17a, mcg_ctl = 0x17b, misc_enable = 0x1a0, pat = 0x277, mc0_ctl = 0x400,
                          mc0_status = 0x401, mc0_address = 0x402, mc0_misc = 0x403, tsc_deadline = 0x6e0,
                          x2apic_first = 0x800, efer = 0xc0000080, star = 0xc0000081, lstar = 0xc0000082,
                          cstar = 0xc0000083, syscall_mask = 0xc0000084, fs_base = 0xc0000100, gs_base = 0xc0000101,
                          kernel_gs_base = 0xc0000102, tsc_aux = 0xc0000103;
} // namespace msr

namespace efer {
inline constexpr uint64_t syscall = 1 << 0, long_mode = 1 << 8, long_mode_active = 1 << 10, no_execute = 1 << 11;
} // namespace efer

inline uint64_t read_msr(uint32_t number) {
    uint32_t low, high;
    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number) : "memory");
    return uint64_t{high} << 32 | low;
}
inline void write_msr(uint32_t number, uint64_t value) {
    asm volatile("wrmsr" ::"c"(number), "a"(value), "d"(value >> 32) : "memory");
}

// For registers that may not exist: false instead of a fault (and `value` is 0).
inline bool read_msr_safe(uint32_t number, uint64_t& value) {
    uint32_t low, high;
    asm goto("1: rdmsr\n" EXCEPTION_FIXUP("1b", "%l[fault]") : "=a"(low), "=d"(high) : "c"(number) : "memory" : fault);
    value = uint64_t{high} << 32 | low;
    return true;
fault:
    value = 0;
    return false;
}
inline bool write_msr_safe(uint32_t number, uint64_t value) {
    asm goto("1: wrmsr\n" EXCEPTION_FIXUP("1b", "%l[fault]")
             :
             : "c"(number), "a"(value), "d"(value >> 32)
             : "memory"
             : fault);
    return true;
fault:
    return false;
}

} // namespace skerry
