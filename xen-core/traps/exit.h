// SPDX-License-Identifier: MIT
// The way back to a guest: the fast path looks at two words; the slow one schedules, idles and tells the guest what is
// pending.
#pragma once

#include "traps/bounce.h"

namespace skerry {

// How to leave: what entry functions return to entry.S.
// After a vector: are the preserved registers (rbx, rbp, r12-r15) to be loaded from the frame? By SYSRET or IRET, as
// the frame is marked.
inline constexpr uint32_t keep_registers = 0, load_registers = 1;
// After SYSCALL, which did not save them: by SYSRET; by IRET; or work is pending, for which they must be saved.
inline constexpr uint32_t leave_by_sysret = 0, leave_by_iret = 1, leave_after_work = 2;

// Handles all work that is pending on this CPU, until there is a vCPU to run and nothing left to do for it.
[[gnu::cold, gnu::noinline]] uint32_t leave_slowly(CpuLocal& cpu, uint32_t result);

void deliver_upcall(CpuLocal& cpu, Vcpu& vcpu);

// True: work is pending, so this is not the end. False: events are delivered.
[[gnu::always_inline]] inline bool has_more_to_do(CpuLocal& cpu, Vcpu& vcpu) {
    if (cpu.has_work()) [[unlikely]]
        return true;
    // Pending in the low byte, the mask in the next: pending and not masked is 1..255.
    static_assert(offsetof(vcpu_info_t, evtchn_upcall_pending) == 0 && offsetof(vcpu_info_t, evtchn_upcall_mask) == 1);
    uint16_t pending_and_mask = __atomic_load_n(reinterpret_cast<uint16_t*>(vcpu.cpu.vcpu_info), __ATOMIC_RELAXED);
    if (static_cast<uint16_t>(pending_and_mask - 1) >= 0xff) [[likely]]
        return false;
    deliver_upcall(cpu, vcpu);
    return cpu.has_work(); // it could not be delivered
}

// The last thing that every entry by a vector does.
[[gnu::always_inline]] inline uint32_t leave(CpuLocal& cpu, Vcpu& vcpu, uint32_t result = keep_registers) {
    if (has_more_to_do(cpu, vcpu)) [[unlikely]]
        return leave_slowly(cpu, result);
    return result;
}

// The first way into a guest on this CPU, once it takes part in scheduling. Interrupts are off.
[[noreturn]] void enter_scheduler();

} // namespace skerry
