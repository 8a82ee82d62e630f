// SPDX-License-Identifier: MIT
// Where entry.S hands over to C++. `frame` of a guest's entry is the CpuLocal that it begins. Each returns
// keep_registers or load_registers (traps/exit.h).
#pragma once

#include "arch/x86_64/cpu_local.h"
#include "domain/vcpu.h"

namespace skerry {

extern "C" {
// SYSCALL in 64-bit mode: a hypercall of the guest's kernel, or a system call of its user.
uint32_t guest_syscall(CpuLocal& cpu);
// Every other entry from a guest.
uint32_t guest_trap(CpuLocal& cpu);
// After SYSCALL, when guest_syscall returned leave_after_work and all registers are in the frame.
uint32_t work_before_leaving(CpuLocal& cpu);
// A vector in ring 0. Null: resume. Else the guest's frame to leave by, the interrupted code being given up.
RegisterFrame* core_trap(RegisterFrame& frame);
// NMI, #DF, #MC, and #DB in ring 0, on a stack of their own.
void own_stack_trap(RegisterFrame& frame);
}

// Exceptions by kind; each returns what guest_trap returns, without leave().
uint32_t handle_unusual_page_fault(CpuLocal& cpu, Vcpu& vcpu, uint64_t address);
uint32_t handle_general_protection(CpuLocal& cpu, Vcpu& vcpu);
uint32_t handle_invalid_opcode(CpuLocal& cpu, Vcpu& vcpu);

// The address is in a descriptor window, and it is a page of this vCPU's LDT that its kernel has: maps it.
bool map_ldt_on_demand(Vcpu& vcpu, uint64_t address);

// Each CPU, as it starts, with window 0's descriptor tables loadable: IDT, TSS, SYSCALL and SYSENTER registers.
void set_up_cpu_entry();

} // namespace skerry
