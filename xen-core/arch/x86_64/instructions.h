// SPDX-License-Identifier: MIT
// Single instructions with a name. Inline assembly lives here and in its neighbours in arch/, nowhere else.
#pragma once

#include "base/types.h"

namespace skerry {

// The compiler is to have this value in a register from here on, not an expression.
inline void pin_to_register(uint64_t& value) { asm("" : "+r"(value)); }

inline void pause() { asm volatile("pause" ::: "memory"); }
inline void enable_interrupts() { asm volatile("sti" ::: "memory"); }
inline void disable_interrupts() { asm volatile("cli" ::: "memory"); }
inline void enable_interrupts_and_halt() { asm volatile("sti; hlt" ::: "memory"); }
inline void halt() { asm volatile("hlt" ::: "memory"); }
inline void write_back_caches() { asm volatile("wbinvd" ::: "memory"); }
inline void clear_task_switched() { asm volatile("clts" ::: "memory"); }
inline void flush_cache_line(const void* p) { asm volatile("clflush (%0)" ::"r"(p) : "memory"); }
inline void full_fence() { asm volatile("mfence" ::: "memory"); }

inline uint64_t read_tsc() {
    uint32_t low, high;
    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return uint64_t{high} << 32 | low;
}
// Not before earlier loads have completed.
inline uint64_t read_tsc_ordered() {
    uint32_t low, high;
    asm volatile("lfence; rdtsc" : "=a"(low), "=d"(high)::"memory");
    return uint64_t{high} << 32 | low;
}

inline uint8_t in8(uint16_t port) {
    uint8_t value;
    asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}
inline uint16_t in16(uint16_t port) {
    uint16_t value;
    asm volatile("inw %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}
inline uint32_t in32(uint16_t port) {
    uint32_t value;
    asm volatile("inl %1, %0" : "=a"(value) : "Nd"(port));
    return value;
}
inline void out8(uint16_t port, uint8_t value) { asm volatile("outb %0, %1" ::"a"(value), "Nd"(port)); }
inline void out16(uint16_t port, uint16_t value) { asm volatile("outw %0, %1" ::"a"(value), "Nd"(port)); }
inline void out32(uint16_t port, uint32_t value) { asm volatile("outl %0, %1" ::"a"(value), "Nd"(port)); }

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
inline constexpr uint64_t protection = 1 << 0, monitor_coprocessor = 1 << 1, emulation = 1 << 2, task_switched = 1 << 3,
                          numeric_error = 1 << 5, write_protect = 1 << 16, alignment_mask = 1 << 18, paging = 1u << 31;
} // namespace cr0
namespace cr4 {
inline constexpr uint64_t vme = 1 << 0, pvi = 1 << 1, time_stamp_disable = 1 << 2, debugging_extensions = 1 << 3,
                          page_size_extensions = 1 << 4, physical_address_extension = 1 << 5, machine_check = 1 << 6,
                          page_global = 1 << 7, performance_counters = 1 << 8, fxsr = 1 << 9, simd_exceptions = 1 << 10,
                          umip = 1 << 11, fsgsbase = 1 << 16, pcid = 1 << 17, osxsave = 1 << 18, smep = 1 << 20,
                          smap = 1 << 21;
} // namespace cr4
namespace rflags {
inline constexpr uint64_t carry = 1 << 0, reserved_one = 1 << 1, trap = 1 << 8, interrupts = 1 << 9,
                          direction = 1 << 10, io_privilege = 3 << 12, nested_task = 1 << 14, resume = 1 << 16,
                          virtual_8086 = 1 << 17, alignment_check = 1 << 18, identification = 1 << 21;
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

inline void write_xcr0(uint64_t value) {
    asm volatile("xsetbv" ::"c"(0), "a"(static_cast<uint32_t>(value)), "d"(static_cast<uint32_t>(value >> 32))
                 : "memory");
}

} // namespace skerry
