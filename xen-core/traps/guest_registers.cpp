// SPDX-License-Identifier: MIT
#include "traps/entry.h"

namespace skerry {
namespace {

// --- control registers ---------------------------------------------------------------------------------------------

uint64_t visible_cr0(const PvCpuState& state) {
    return (core_cr0() & ~cr0::task_switched) | (state.cr0 & cr0::task_switched);
}

// --- model-specific registers --------------------------------------------------------------------------------------

constexpr uint32_t p5_mc_address = 0, p5_mc_type = 1, mc0_ctl2 = 0x280, hypercall_page = 0x40000000;
constexpr uint32_t platform_id = 0x17, microcode_level = 0x8b, platform_info = 0xce, misc_features_enables = 0x140,
                   perf_status = 0x198, perf_control = 0x199, perf_capabilities = 0x345,
                   hardware_configuration = 0xc0010015;
constexpr uint64_t visible_efer = efer::syscall | efer::long_mode | efer::long_mode_active | efer::no_execute;
// What a guest cannot use of MISC_ENABLE: performance monitoring and MONITOR absent, BTS and PEBS unavailable.
constexpr uint64_t misc_enable_cleared = 1 << 7 | 1 << 18, misc_enable_set = 1 << 11 | 1 << 12 | 1 << 23;
constexpr uint64_t apic_base_enabled = 0xfee00000 | 1 << 11, apic_base_first_cpu = 1 << 8;

enum class Writing : uint8_t {
    refused,
    unchanged, // writing what one reads is harmless
    zero,
    ignored,
    base, // any canonical address
    tsc_aux,
    hypercall_page, // the frame that becomes one
};

// Of the register `number`, and as many as `count` says from there on. Reading gives the machine's register under
// `kept` (it is not asked for nothing), and the bits of `set`.
struct GuestMsr {
    uint32_t number;
    Writing writing = Writing::refused;
    uint64_t kept = ~uint64_t{0}, set = 0;
    bool CpuFeatures::*needed = nullptr; // on other machines it does not exist
    uint32_t count = 1;
};
constexpr GuestMsr guest_msrs[] = {
    // Only the guest's kernel gets here, so its own GS base is the one in use.
    {msr::fs_base, Writing::base},
    {msr::gs_base, Writing::base},
    {msr::kernel_gs_base, Writing::base},
    {msr::efer, Writing::unchanged, visible_efer},
    {msr::tsc},
    {.number = msr::tsc_aux, .writing = Writing::tsc_aux, .needed = &CpuFeatures::rdtscp},
    {.number = msr::apic_base, .kept = 0, .set = apic_base_enabled},
    {msr::pat},
    {msr::misc_enable, Writing::ignored, ~misc_enable_cleared, misc_enable_set},
    {misc_features_enables, Writing::zero, 0},
    {hypercall_page, Writing::hypercall_page, 0},
    {.number = microcode_level, .writing = Writing::zero, .needed = &CpuFeatures::intel}, // what precedes reading it
    {microcode_level},
    {.number = platform_id, .needed = &CpuFeatures::intel},
    {.number = platform_info, .kept = 0}, // no CPUID faulting to be had
    // Power and performance are not a guest's to manage, but kernels look.
    {.number = perf_status, .kept = 0, .needed = &CpuFeatures::intel},
    {.number = perf_control, .writing = Writing::ignored, .kept = 0, .needed = &CpuFeatures::intel},
    {.number = perf_capabilities, .kept = 0},
    // Intel's counters, their event selectors, the fixed counters, and what controls these; AMD's old and new ones.
    {.number = 0xc1, .writing = Writing::ignored, .kept = 0, .needed = &CpuFeatures::intel, .count = 8},
    {.number = 0x186, .writing = Writing::ignored, .kept = 0, .needed = &CpuFeatures::intel, .count = 4},
    {.number = 0x309, .writing = Writing::ignored, .kept = 0, .needed = &CpuFeatures::intel, .count = 3},
    {.number = 0x38d, .writing = Writing::ignored, .kept = 0, .needed = &CpuFeatures::intel, .count = 4},
    {.number = 0xc0010000, .writing = Writing::ignored, .kept = 0, .needed = &CpuFeatures::amd, .count = 8},
    {.number = 0xc0010200, .writing = Writing::ignored, .kept = 0, .needed = &CpuFeatures::amd, .count = 12},
    {.number = hardware_configuration, .writing = Writing::ignored, .needed = &CpuFeatures::amd},
    // Machine checks are xen-core's: a guest has two banks that never report. What is of no bank is ignored all the same.
    {msr::mcg_cap, Writing::ignored, 0, 2},
    {msr::mcg_status, Writing::ignored, 0},
    {msr::mcg_ctl, Writing::ignored, 0},
    {msr::mc0_ctl, Writing::ignored, 0, ~uint64_t{0}},
    {.number = msr::mc0_status, .writing = Writing::zero, .kept = 0, .count = 3},
    {msr::mc0_ctl + 4, Writing::ignored, 0, ~uint64_t{0}},
    {.number = msr::mc0_status + 4, .writing = Writing::zero, .kept = 0, .count = 3},
    {.number = msr::mc0_ctl + 8, .writing = Writing::ignored, .kept = 0, .count = 30 * 4},
    {.number = mc0_ctl2, .writing = Writing::ignored, .kept = 0, .count = 32},
    {.number = p5_mc_address, .kept = 0},
    {.number = p5_mc_type, .kept = 0},
};

const GuestMsr* find_msr(uint32_t number) {
    for (const GuestMsr& entry : guest_msrs)
        if (number - entry.number < entry.count && (!entry.needed || cpu_features.*entry.needed)) return &entry;
    return nullptr;
}

} // namespace

Result<uint64_t> read_guest_control(Vcpu& vcpu, unsigned index) {
    switch (index) {
    case 0: return visible_cr0(vcpu.cpu);
    case 2: return vcpu.cpu.vcpu_info->arch.cr2;
    case 3: return vcpu.cpu.kernel_cr3;
    case 4: return vcpu.cpu.cr4;
    default: return Error::invalid;
    }
}

Status write_guest_control(CpuLocal& cpu, Vcpu& vcpu, unsigned index, uint64_t value) {
    PvCpuState& state = vcpu.cpu;
    switch (index) {
    case 0:
        if ((value ^ visible_cr0(state)) & ~cr0::task_switched) return Error::invalid;
        state.set_task_switched(value & cr0::task_switched);
        return success;
    case 2: state.vcpu_info->arch.cr2 = value; return success;
    case 3: { // as MMUEXT_NEW_BASEPTR
        WorkBudget budget;
        return set_kernel_base(vcpu, Pte(value).mfn(), budget);
    }
    case 4:
        state.cr4 = guest_cr4(value);
        load_cr4(cpu, state);
        return success;
    default: return Error::invalid;
    }
}

Status set_guest_xcr0(Vcpu& vcpu, uint64_t value) {
    using namespace xstate;
    constexpr uint64_t avx512 = opmask | zmm_high | zmm_16_31;
    PvCpuState& state = vcpu.cpu;
    if (!(state.cr4 & cr4::osxsave)) return Error::not_found;
    if (!cpu_features.xsave || (value & ~cpu_features.xcr0) || !(value & x87)) return Error::invalid;
    if (((value & avx) && !(value & sse)) || ((value & avx512) && ((value & avx512) != avx512 || !(value & avx))))
        return Error::invalid;
    state.xcr0 = value;
    write_xcr0(value);
    return success;
}

Result<uint64_t> read_guest_msr(Vcpu& vcpu, uint32_t number) {
    const GuestMsr* entry = find_msr(number);
    uint64_t value = 0;
    if (!entry || (entry->kept && !read_msr_safe(number, value))) return Error::invalid;
    value = (value & entry->kept) | entry->set;
    return number == msr::apic_base && vcpu.id.value == 0 ? value | apic_base_first_cpu : value;
}

Status write_guest_msr(Vcpu& vcpu, uint32_t number, uint64_t value) {
    const GuestMsr* entry = find_msr(number);
    Writing writing = entry ? entry->writing : Writing::refused;
    if (writing == Writing::hypercall_page && value % page_size == 0)
        return vcpu.domain.make_hypercall_page(Mfn(value >> page_shift));
    bool allowed = writing == Writing::ignored ||
                   (writing == Writing::unchanged && value == TRY(read_guest_msr(vcpu, number))) ||
                   (writing == Writing::zero && value == 0) || (writing == Writing::base && is_canonical(value)) ||
                   (writing == Writing::tsc_aux && value >> 32 == 0);
    if (!allowed) return Error::invalid;
    if (writing == Writing::base || writing == Writing::tsc_aux) write_msr(number, value);
    if (writing == Writing::tsc_aux) cpu_local().tsc_aux = vcpu.cpu.tsc_aux = static_cast<uint32_t>(value);
    return success;
}

// Intel SDM volume 3, 2.9 'CPUID faulting'; AMD APM volume 3, appendix E.4.17 'CpuidUserDis'.
void trap_guest_cpuid() {
    constexpr uint64_t can_fault = uint64_t{1} << 31, cpuid_fault = 1, cpuid_user_disable = uint64_t{1} << 35;
    uint64_t value;
    if (cpu_features.intel && read_msr_safe(platform_info, value) && (value & can_fault) &&
        read_msr_safe(misc_features_enables, value))
        (void)write_msr_safe(misc_features_enables, value | cpuid_fault);
    bool amd_can = cpu_features.amd && cpuid(0x80000000).eax >= 0x80000021 && (cpuid(0x80000021).eax & 1u << 17);
    if (amd_can && read_msr_safe(hardware_configuration, value))
        (void)write_msr_safe(hardware_configuration, value | cpuid_user_disable);
}

} // namespace skerry
