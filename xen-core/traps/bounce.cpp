// SPDX-License-Identifier: MIT
#include "traps/bounce.h"

namespace skerry {

void bounce_failed(Vcpu& vcpu, uint64_t handler, uint64_t stack) {
    crash_domain(vcpu, "double fault: no frame for the handler at %lx can be written at stack %lx", handler, stack);
}

void inject_trap(CpuLocal& cpu, Vcpu& vcpu, unsigned vector) { inject_inline<BounceWords::plain>(cpu, vcpu, vector); }

void inject_trap(CpuLocal& cpu, Vcpu& vcpu, unsigned vector, uint32_t error_code) {
    inject_inline<BounceWords::error_code>(cpu, vcpu, vector, error_code);
}

void inject_failsafe(CpuLocal& cpu, Vcpu& vcpu) {
    bounce_to_callback<BounceWords::failsafe>(cpu, vcpu, vcpu.cpu.failsafe_callback);
}

} // namespace skerry
