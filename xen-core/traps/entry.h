// SPDX-License-Identifier: MIT
// A guest's way in, where entry.S hands over to C++, and its way back: the fast path looks at two words; the slow one
// schedules, idles and tells the guest what is pending.
#pragma once

#include "traps/bounce.h"
#include "traps/instruction.h"

namespace skerry {

// How to leave: what entry functions return to entry.S.
// After a vector: are the preserved registers (rbx, rbp, r12-r15) to be loaded from the frame? By SYSRET or IRET, as
// the frame is marked.
inline constexpr uint32_t keep_registers = 0, load_registers = 1;
// After SYSCALL, which did not save them: by SYSRET; by IRET; or work is pending, for which they must be saved.
inline constexpr uint32_t leave_by_sysret = 0, leave_by_iret = 1, leave_after_work = 2;

// Handles all work that is pending on this CPU, until there is a vCPU to run and nothing left to do for it.
[[gnu::cold, gnu::noinline]] uint32_t leave_slowly(CpuLocal& cpu, uint32_t result);

// The event callback. leave_by_sysret; or leave_after_work, if the domain has ended instead.
[[gnu::noinline]] uint32_t deliver_upcall(CpuLocal& cpu, Vcpu& vcpu);

// The last thing that every entry does: SYSCALL, and a vector. Neither needs `cpu` or `vcpu` after a call, so that the
// callers stay free of saved registers.
[[gnu::always_inline]] inline uint32_t leave_syscall(CpuLocal& cpu, Vcpu& vcpu, uint32_t result = leave_by_sysret) {
    if (UNLIKELY(cpu.has_work())) return leave_after_work;
    if (UNLIKELY(vcpu.has_deliverable_event())) return deliver_upcall(cpu, vcpu);
    return result;
}
[[gnu::always_inline]] inline uint32_t leave(CpuLocal& cpu, Vcpu& vcpu, uint32_t result = keep_registers) {
    if (cpu.has_work()) return leave_slowly(cpu, result);
    if (UNLIKELY(vcpu.has_deliverable_event()))
        return deliver_upcall(cpu, vcpu) == leave_by_sysret ? result : leave_slowly(cpu_local(), result);
    return result;
}

// The frame of a guest's entry is the CpuLocal that it begins.
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

// Faults that may not be simply passed on. Afterwards all registers are to be loaded from the frame.
uint32_t handle_unusual_page_fault(CpuLocal& cpu, Vcpu& vcpu, uint64_t address); // and leaves
void handle_general_protection(CpuLocal& cpu, Vcpu& vcpu);
void handle_invalid_opcode(CpuLocal& cpu, Vcpu& vcpu);

// The address is in a descriptor window, and it is a page of this vCPU's LDT that its kernel has: maps it.
bool map_ldt_on_demand(Vcpu& vcpu, uint64_t address);

// Each CPU, as it starts, with window 0's descriptor tables loadable: IDT, TSS, SYSCALL and SYSENTER registers.
void set_up_cpu_entry();

// The first way into a guest on this CPU, once it takes part in scheduling. Interrupts are off.
[[noreturn]] void enter_scheduler();

// --- instructions that only ring 0 may execute (privileged.cpp), done for a PV guest's kernel, which believes to be
// there; port I/O and CPUID for its user mode too

// Success: registers are changed, the instruction is to be stepped over. Error::restart: the guest executes it again,
// because more of it is left, it waits, or a fault of another kind has been injected. All others: #GP.
Status execute_privileged(CpuLocal& cpu, Vcpu& vcpu, const Instruction& instruction);

// CPUID for the guest, in its registers. `by_prefix`: the guest's kernel asked the hypervisor; then OSXSAVE shows
// whether XSAVE may be used at all, before the guest has enabled it: Linux relies on that.
void execute_cpuid(CpuLocal& cpu, Vcpu& vcpu, bool by_prefix);

// Control registers, XCR0 and model-specific registers as a PV kernel sees them (guest_registers.cpp). Few exist. What
// does not, and what would need what a PV guest cannot have, is an error here and a general protection fault to the
// guest, as on Xen. (For a control register that does not exist #UD were right; it looks the same to a kernel that
// tries.)
Result<uint64_t> read_guest_control(Vcpu& vcpu, unsigned index);
// Error::restart: the new page-table base is not checked to its end, the instruction is to be executed again.
Status write_guest_control(CpuLocal& cpu, Vcpu& vcpu, unsigned index, uint64_t value);

// XSETBV of register 0: which state components the guest uses.
Status set_guest_xcr0(Vcpu& vcpu, uint64_t value);

Result<uint64_t> read_guest_msr(Vcpu& vcpu, uint32_t number);
Status write_guest_msr(Vcpu& vcpu, uint32_t number, uint64_t value);

// Each CPU, as it starts: makes CPUID in ring 3 a general protection fault where the machine can, so that guests see
// their policy even without the prefix.
void trap_guest_cpuid();

} // namespace skerry
