// SPDX-License-Identifier: MIT
#include "traps/bounce.h"

#include "arch/x86_64/segments.h"
#include "traps/fetch.h"
#include "traps/vectors.h"

namespace skerry {
void bounce_failed(Vcpu& vcpu, uint64_t address, uint64_t stack) {
    if (!address)
        crash_domain(vcpu, "no handler is registered for what must be delivered now");
    else
        crash_domain(vcpu, "double fault: no frame for the handler at %lx can be written at stack %lx", address, stack);
}

void unhandled_trap(Vcpu& vcpu, unsigned vector, uint64_t error_code) {
    crash_domain(vcpu, "unhandled trap %u, error code %lx", vector, error_code);
}

void inject_trap(CpuLocal& cpu, Vcpu& vcpu, unsigned vector) { inject_inline<BounceWords::plain>(cpu, vcpu, vector); }

void inject_trap(CpuLocal& cpu, Vcpu& vcpu, unsigned vector, uint32_t error_code) {
    inject_inline<BounceWords::error_code>(cpu, vcpu, vector, error_code);
}

void inject_page_fault(CpuLocal& cpu, Vcpu& vcpu, uint64_t address, uint32_t error_code) {
    inject_page_fault_inline(cpu, vcpu, address, error_code);
}

void step_over(CpuLocal& cpu, Vcpu& vcpu, unsigned length) {
    constexpr uint64_t dr6_single_step = 1 << 14;
    if (!advance(cpu.frame, length)) [[likely]]
        return;
    vcpu.cpu.debug_registers[6] |= dr6_single_step;
    inject_trap(cpu, vcpu, vector::debug);
}

void note_segments(PvCpuState& state) {
    state.ds = read_ds();
    state.es = read_es();
    state.fs = read_fs();
    state.gs = read_gs();
}

void inject_failsafe(CpuLocal& cpu, Vcpu& vcpu) {
    const GuestCallback& callback = vcpu.cpu.failsafe_callback;
    bounce_to_kernel<BounceWords::failsafe>(cpu, vcpu, callback.address, callback.masks_events);
}

} // namespace skerry
