// SPDX-License-Identifier: MIT
// In place of xen-core's header of this name, on the host: the same, but what needs ring 0 acts on a processor that is
// a structure. (The real instructions are there too, under names that nobody uses.)
#pragma once

#define clear_task_switched real_clear_task_switched
#define disable_interrupts real_disable_interrupts
#define enable_interrupts_and_halt real_enable_interrupts_and_halt
#define let_interrupts_in real_let_interrupts_in
#define read_tsc real_read_tsc
#define write_back_caches real_write_back_caches
#define write_xcr0 real_write_xcr0
#define read_msr real_read_msr
#define write_msr real_write_msr
#define read_msr_safe real_read_msr_safe
#define write_msr_safe real_write_msr_safe
#define in8 real_in8
#define in16 real_in16
#define in32 real_in32
#define out8 real_out8
#define out16 real_out16
#define out32 real_out32
#define write_cr0 real_write_cr0
#define write_cr3 real_write_cr3
#define write_cr4 real_write_cr4
#define read_cr2 real_read_cr2
#define write_dr0 real_write_dr0
#define write_dr1 real_write_dr1
#define write_dr2 real_write_dr2
#define write_dr3 real_write_dr3
#define read_dr6 real_read_dr6
#define write_dr6 real_write_dr6
#define write_dr7 real_write_dr7
#include_next "arch/x86_64/instructions.h"
#undef clear_task_switched
#undef disable_interrupts
#undef enable_interrupts_and_halt
#undef let_interrupts_in
#undef read_tsc
#undef write_back_caches
#undef write_xcr0
#undef read_msr
#undef write_msr
#undef read_msr_safe
#undef write_msr_safe
#undef in8
#undef in16
#undef in32
#undef out8
#undef out16
#undef out32
#undef write_cr0
#undef write_cr3
#undef write_cr4
#undef read_cr2
#undef write_dr0
#undef write_dr1
#undef write_dr2
#undef write_dr3
#undef read_dr6
#undef write_dr6
#undef write_dr7

namespace skerry {

struct HostProcessor {
    uint64_t tsc = 1'000'000;
    uint64_t cr0 = 0, cr2 = 0, cr3 = 0, cr4 = 0, xcr0 = 0;
    uint64_t dr[8] = {};
    void (*idle)() = nullptr; // what comes while it halts; must make work pending
};
inline HostProcessor host_processor;

inline void clear_task_switched() { host_processor.cr0 &= ~cr0::task_switched; }
inline void disable_interrupts() {}
inline void let_interrupts_in() {}
inline void enable_interrupts_and_halt() { host_processor.idle(); }
inline uint64_t read_tsc() { return ++host_processor.tsc; }
inline void write_back_caches() {}
inline void write_xcr0(uint64_t value) { host_processor.xcr0 = value; }
inline uint64_t read_msr(uint32_t) { return 0; }
inline void write_msr(uint32_t, uint64_t) {}
inline bool read_msr_safe(uint32_t, uint64_t& value) {
    value = 0;
    return true;
}
inline bool write_msr_safe(uint32_t, uint64_t) { return true; }
inline uint8_t in8(uint16_t) { return 0xff; }
inline uint16_t in16(uint16_t) { return 0xffff; }
inline uint32_t in32(uint16_t) { return ~0u; }
inline void out8(uint16_t, uint8_t) {}
inline void out16(uint16_t, uint16_t) {}
inline void out32(uint16_t, uint32_t) {}
inline void write_cr0(uint64_t value) { host_processor.cr0 = value; }
inline void write_cr3(uint64_t value) { host_processor.cr3 = value; }
inline void write_cr4(uint64_t value) { host_processor.cr4 = value; }
inline uint64_t read_cr2() { return host_processor.cr2; }
inline void write_dr0(uint64_t value) { host_processor.dr[0] = value; }
inline void write_dr1(uint64_t value) { host_processor.dr[1] = value; }
inline void write_dr2(uint64_t value) { host_processor.dr[2] = value; }
inline void write_dr3(uint64_t value) { host_processor.dr[3] = value; }
inline uint64_t read_dr6() { return host_processor.dr[6]; }
inline void write_dr6(uint64_t value) { host_processor.dr[6] = value; }
inline void write_dr7(uint64_t value) { host_processor.dr[7] = value; }

} // namespace skerry
