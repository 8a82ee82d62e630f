// SPDX-License-Identifier: MIT
#include "traps/bounce.h"

namespace skerry {

void no_callback(Vcpu& vcpu) { crash_domain(vcpu, "no handler is registered for what must be delivered now"); }

void bounce_failed(Vcpu& vcpu, uint64_t address, uint64_t stack) {
    crash_domain(vcpu, "double fault: no frame for the handler at %lx can be written at stack %lx", address, stack);
}

void unhandled_trap(Vcpu& vcpu, unsigned vector, uint64_t error_code) {
    crash_domain(vcpu, "unhandled trap %u, error code %lx", vector, error_code);
}

void inject_trap(CpuLocal& cpu, Vcpu& vcpu, unsigned vector) {
    (void)inject_inline<BounceWords::plain>(cpu, vcpu, vector);
}

void inject_trap(CpuLocal& cpu, Vcpu& vcpu, unsigned vector, uint32_t error_code) {
    (void)inject_inline<BounceWords::error_code>(cpu, vcpu, vector, error_code);
}

void inject_page_fault(CpuLocal& cpu, Vcpu& vcpu, uint64_t address, uint32_t error_code) {
    (void)inject_page_fault_inline(cpu, vcpu, address, error_code);
}

void inject_failsafe(CpuLocal& cpu, Vcpu& vcpu) {
    (void)bounce_to_callback<BounceWords::failsafe>(cpu, vcpu, vcpu.cpu.failsafe_callback);
}

} // namespace skerry
