// SPDX-License-Identifier: MIT
#include "traps/guest_msr.h"

#include "arch/x86_64/features.h"
#include "arch/x86_64/instructions.h"
#include "memory/guest_copy.h"

namespace skerry {
namespace {

namespace guest_msr {
constexpr uint32_t platform_id = 0x17, microcode_level = 0x8b, platform_info = 0xce, misc_enable = 0x1a0,
                   misc_features_enables = 0x140, hardware_configuration = 0xc0010015;
} // namespace guest_msr

// What a guest cannot use of MISC_ENABLE: performance monitoring and MONITOR absent, BTS and PEBS unavailable.
constexpr uint64_t misc_enable_cleared = 1 << 7 | 1 << 18, misc_enable_set = 1 << 11 | 1 << 12 | 1 << 23;
constexpr uint64_t apic_base_default = 0xfee00000, apic_base_enabled = 1 << 11, apic_base_first_cpu = 1 << 8;

uint64_t visible_efer() {
    return read_msr(msr::efer) & (efer::syscall | efer::long_mode | efer::long_mode_active | efer::no_execute);
}

std::optional<uint64_t> from_machine(uint32_t number) {
    uint64_t value;
    if (!read_msr_safe(number, value)) return std::nullopt;
    return value;
}

std::optional<uint64_t> misc_enable() {
    std::optional<uint64_t> value = from_machine(guest_msr::misc_enable);
    if (value) *value = (*value & ~misc_enable_cleared) | misc_enable_set;
    return value;
}

} // namespace

std::optional<uint64_t> read_guest_msr(Vcpu& vcpu, uint32_t number) {
    switch (number) {
    // Only the guest's kernel gets here, so its own GS base is the one in use.
    case msr::fs_base:
    case msr::gs_base:
    case msr::kernel_gs_base: return read_msr(number);
    case msr::efer: return visible_efer();
    case msr::tsc: return read_tsc();
    case msr::tsc_aux:
        if (!cpu_features.rdtscp) return std::nullopt;
        return vcpu.cpu.tsc_aux;
    case msr::apic_base: return apic_base_default | apic_base_enabled | (vcpu.id.value == 0 ? apic_base_first_cpu : 0);
    case msr::pat: return read_msr(msr::pat);
    case guest_msr::misc_enable: return misc_enable();
    case guest_msr::microcode_level: return from_machine(number);
    case guest_msr::platform_id:
        if (!cpu_features.intel) return std::nullopt;
        return from_machine(number);
    case guest_msr::platform_info: return uint64_t{0}; // no CPUID faulting to be had
    case guest_msr::misc_features_enables: return std::nullopt;
    case guest_msr::hardware_configuration:
        if (!cpu_features.amd) return std::nullopt;
        return from_machine(number);
    // Machine checks are xen-core's: no banks.
    case msr::mcg_cap:
    case msr::mcg_status: return uint64_t{0};
    default: return std::nullopt;
    }
}

bool write_guest_msr(Vcpu& vcpu, uint32_t number, uint64_t value) {
    PvCpuState& state = vcpu.cpu;
    switch (number) {
    case msr::fs_base:
    case msr::gs_base:
    case msr::kernel_gs_base:
        if (!is_canonical(value)) return false;
        write_msr(number, value);
        return true;
    case msr::tsc_aux:
        if (!cpu_features.rdtscp || value >> 32) return false;
        state.tsc_aux = static_cast<uint32_t>(value);
        write_msr(number, value);
        cpu_local().tsc_aux = state.tsc_aux;
        return true;
    // Writing what one reads is harmless.
    case msr::efer: return value == visible_efer();
    case msr::pat: return value == read_msr(msr::pat);
    case guest_msr::misc_enable: {
        std::optional<uint64_t> now = misc_enable();
        return now && *now == value;
    }
    case guest_msr::microcode_level: return value == 0; // what precedes reading it
    case msr::mcg_status: return value == 0;
    default: return false;
    }
}

} // namespace skerry
