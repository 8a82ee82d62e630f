// SPDX-License-Identifier: MIT
#include "traps/control_registers.h"

#include "arch/x86_64/features.h"
#include "arch/x86_64/instructions.h"
#include "domain/domain.h"

namespace skerry {
namespace {

uint64_t visible_cr0(const PvCpuState& state) {
    return (core_cr0() & ~cr0::task_switched) | (state.cr0 & cr0::task_switched);
}

// mov to CR3 does what MMUEXT_NEW_BASEPTR does.
ControlWrite write_base(CpuLocal& cpu, Vcpu& vcpu, uint64_t value) {
    PvCpuState& state = vcpu.cpu;
    PvMmu& mmu = vcpu.domain.mmu;
    uint64_t base = value & pte::frame_mask;
    if (base == state.kernel_cr3) {
        load_address_space(cpu, state);
        return ControlWrite::done;
    }
    WorkBudget budget;
    Status taken = mmu.take_base(frame_of(MachAddr(base)), budget);
    if (!taken.ok()) return taken.error() == Error::restart ? ControlWrite::retry : ControlWrite::refused;
    uint64_t old = state.kernel_cr3;
    state.kernel_cr3 = base;
    state.drop_ldt_pages(mmu);
    load_address_space(cpu, state);
    mmu.release_base(frame_of(MachAddr(old)), budget);
    return ControlWrite::done;
}

void write_cr4_choices(CpuLocal& cpu, PvCpuState& state, uint64_t value) {
    state.cr4 = guest_cr4(value);
    uint64_t wanted = hardware_cr4(state);
    if (wanted == cpu.loaded_cr4) return;
    write_cr4(wanted);
    cpu.loaded_cr4 = static_cast<uint32_t>(wanted);
}

} // namespace

std::optional<uint64_t> read_guest_control(Vcpu& vcpu, unsigned index) {
    switch (index) {
    case 0: return visible_cr0(vcpu.cpu);
    case 2: return vcpu.cpu.vcpu_info->arch.cr2;
    case 3: return vcpu.cpu.kernel_cr3;
    case 4: return vcpu.cpu.cr4;
    default: return std::nullopt;
    }
}

ControlWrite write_guest_control(CpuLocal& cpu, Vcpu& vcpu, unsigned index, uint64_t value) {
    PvCpuState& state = vcpu.cpu;
    switch (index) {
    case 0:
        if ((value ^ visible_cr0(state)) & ~cr0::task_switched) return ControlWrite::refused;
        state.set_task_switched(value & cr0::task_switched);
        return ControlWrite::done;
    case 2: state.vcpu_info->arch.cr2 = value; return ControlWrite::done;
    case 3: return write_base(cpu, vcpu, value);
    case 4: write_cr4_choices(cpu, state, value); return ControlWrite::done;
    default: return ControlWrite::refused;
    }
}

bool set_guest_xcr0(Vcpu& vcpu, uint64_t value) {
    using namespace xstate;
    constexpr uint64_t avx512 = opmask | zmm_high | zmm_16_31;
    PvCpuState& state = vcpu.cpu;
    if (!cpu_features.xsave || !(state.cr4 & cr4::osxsave) || (value & ~cpu_features.xcr0) || !(value & x87))
        return false;
    if (((value & avx) && !(value & sse)) || ((value & avx512) && ((value & avx512) != avx512 || !(value & avx))))
        return false;
    state.xcr0 = value;
    write_xcr0(value);
    return true;
}

} // namespace skerry
