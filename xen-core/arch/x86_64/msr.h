// SPDX-License-Identifier: MIT
// Model-specific registers: access and the numbers xen-core uses (Intel SDM volume 4, AMD APM volume 2).
#pragma once

#include "arch/x86_64/exception_table.h"
#include "base/types.h"

namespace skerry {

namespace msr {
inline constexpr uint32_t tsc = 0x10, apic_base = 0x1b, tsc_adjust = 0x3b, arch_capabilities = 0x10a,
                          sysenter_cs = 0x174, sysenter_esp = 0x175, sysenter_eip = 0x176, mcg_cap = 0x179,
                          mcg_status = 0x17a, mcg_ctl = 0x17b, misc_enable = 0x1a0, debug_ctl = 0x1d9, pat = 0x277,
                          mc0_ctl = 0x400, mc0_status = 0x401, mc0_address = 0x402, mc0_misc = 0x403,
                          tsc_deadline = 0x6e0, x2apic_first = 0x800, efer = 0xc0000080, star = 0xc0000081,
                          lstar = 0xc0000082, cstar = 0xc0000083, syscall_mask = 0xc0000084, fs_base = 0xc0000100,
                          gs_base = 0xc0000101, kernel_gs_base = 0xc0000102, tsc_aux = 0xc0000103;
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
    asm volatile("wrmsr" ::"c"(number), "a"(static_cast<uint32_t>(value)), "d"(static_cast<uint32_t>(value >> 32))
                 : "memory");
}

// For registers that may not exist: false instead of a fault (and `value` is 0).
inline bool read_msr_safe(uint32_t number, uint64_t& value) {
    uint32_t low, high, ok;
    asm volatile("1: rdmsr; movl $1, %2; jmp 3f\n"
                 "2: xorl %%eax, %%eax; xorl %%edx, %%edx; xorl %2, %2\n3:\n" EXCEPTION_FIXUP("1b", "2b")
                 : "=&a"(low), "=&d"(high), "=&r"(ok)
                 : "c"(number)
                 : "memory");
    value = uint64_t{high} << 32 | low;
    return ok;
}
inline bool write_msr_safe(uint32_t number, uint64_t value) {
    uint32_t ok;
    asm volatile("1: wrmsr; movl $1, %0; jmp 3f\n"
                 "2: xorl %0, %0\n3:\n" EXCEPTION_FIXUP("1b", "2b")
                 : "=&r"(ok)
                 : "c"(number), "a"(static_cast<uint32_t>(value)), "d"(static_cast<uint32_t>(value >> 32))
                 : "memory");
    return ok;
}

} // namespace skerry
