// SPDX-License-Identifier: MIT
#include "arch/x86_64/features.h"

#include <algorithm>
#include <string.h>

namespace skerry {

constexpr uint32_t bit(unsigned n) { return uint32_t{1} << n; }

// CPUID's 12-character strings, in the order that each leaf returns them.
static bool is_text(uint32_t a, uint32_t b, uint32_t c, const char* text) {
    uint32_t words[3] = {a, b, c};
    return !memcmp(words, text, sizeof(words));
}

static void detect_extended_state(const CpuidLeaf& one) {
    cpu_features.xsave_size = 512; // what FXSAVE needs
    cpu_features.xsave = one.ecx & bit(26);
    if (!cpu_features.xsave) return;
    CpuidLeaf main = cpuid(0xd);
    uint64_t possible = uint64_t{main.edx} << 32 | main.eax;
    uint64_t avx512 = xstate::opmask | xstate::zmm_high | xstate::zmm_16_31;
    uint64_t components = possible & xstate::supported;
    if (!(components & xstate::avx) || (components & avx512) != avx512)
        components &= ~avx512; // all or nothing (Intel SDM volume 1, 13.3)
    cpu_features.xcr0 = components;
    cpu_features.xsaveopt = cpuid(0xd, 1).eax & bit(0);
    // The end of the last component, in the standard format.
    cpu_features.xsave_size = 512 + 64;
    for (unsigned i = 2; i < 63; ++i)
        if (components >> i & 1) {
            CpuidLeaf component = cpuid(0xd, i);
            cpu_features.xsave_size = std::max(cpu_features.xsave_size, component.ebx + component.eax);
        }
}

const char* detect_cpu_features(bool want_smap) {
    CpuidLeaf zero = cpuid(0), one = cpuid(1), extended = cpuid(0x80000000);
    CpuidLeaf seven = zero.eax >= 7 ? cpuid(7) : CpuidLeaf{};
    CpuidLeaf extended1 = cpuid(0x80000001);
    CpuidLeaf power = extended.eax >= 0x80000007 ? cpuid(0x80000007) : CpuidLeaf{};
    CpuidLeaf sizes = extended.eax >= 0x80000008 ? cpuid(0x80000008) : CpuidLeaf{36 | 48 << 8, 0, 0, 0};
    auto& f = cpu_features;

    f.intel = is_text(zero.ebx, zero.edx, zero.ecx, "GenuineIntel");
    f.amd =
        is_text(zero.ebx, zero.edx, zero.ecx, "AuthenticAMD") || is_text(zero.ebx, zero.edx, zero.ecx, "HygonGenuine");
    f.gigabyte_pages = extended1.edx & bit(26);
    f.rdtscp = extended1.edx & bit(27);
    f.invariant_tsc = power.edx & bit(8);
    f.physical_address_bits = static_cast<uint8_t>(sizes.eax);
    f.machine_check = (one.edx & bit(7)) && (one.edx & bit(14));
    f.cr3_no_flush = one.ecx & bit(17) ? cr3_no_flush : 0;
    f.x2apic = one.ecx & bit(21);
    f.tsc_deadline = one.ecx & bit(24);
    f.fsgsbase = seven.ebx & bit(0);
    f.tsc_adjust = seven.ebx & bit(1);
    f.smep = seven.ebx & bit(7);
    f.hypervisor = one.ecx & bit(31);
    CpuidLeaf below = f.hypervisor ? cpuid(0x40000000) : CpuidLeaf{};
    bool is_tcg = is_text(below.ebx, below.ecx, below.edx, "TCGTCGTCGTCG"); // QEMU's software emulation
    f.smap = (seven.ebx & bit(20)) && want_smap && !is_tcg;
    // Intel CPUs before the ones that say so in IA32_ARCH_CAPABILITIES (RDCL_NO); AMD's are not affected.
    f.meltdown = f.intel && !(seven.edx & bit(29) && read_msr(msr::arch_capabilities) & 1);
    detect_extended_state(one);
    f.cr4 = cr4::physical_address_extension | cr4::page_global | cr4::fxsr | cr4::simd_exceptions |
            (f.machine_check ? cr4::machine_check : 0) | (f.xsave ? cr4::osxsave : 0) |
            (f.fsgsbase ? cr4::fsgsbase : 0) | (f.cr3_no_flush ? cr4::pcid : 0) | (f.smep ? cr4::smep : 0) |
            (f.smap ? cr4::smap : 0);

    // That it has 64-bit mode and no-execute, boot/start.S has seen.
    if (!(extended1.edx & bit(11))) return "this CPU has no SYSCALL";
    if (!(one.edx & bit(9))) return "this CPU has no local APIC, or the firmware disabled it";
    if (!(one.edx & bit(24)) || !(one.edx & bit(26))) return "this CPU has no FXSAVE or SSE2";
    return nullptr;
}

void set_up_cpu_features() {
    write_cr0(core_cr0());
    write_cr4(core_cr4());
    write_msr(msr::efer, read_msr(msr::efer) | efer::syscall | efer::no_execute);
    // The PAT that Xen's ABI promises to guests: WB, WT, UC-, UC, WC, WP, UC, UC.
    write_msr(msr::pat, 0x0000050100070406);
    if (cpu_features.xsave)
        write_xcr0(cpu_features.xcr0);
    else
        clear_task_switched();
}

} // namespace skerry
