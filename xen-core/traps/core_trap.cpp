// SPDX-License-Identifier: MIT
// Traps of xen-core itself: interrupts of an idle CPU, faults that were expected, and the rest, which is the end.
#include "arch/x86_64/code_tables.h"
#include "arch/x86_64/layout.h"
#include "arch/x86_64/machine_power.h"
#include "traps/entry.h"

#include <string.h>

namespace skerry {

extern "C" const uint8_t iret_to_guest[];

namespace {

// By vector, as the Intel SDM abbreviates them (volume 3, table 6-1).
constexpr const char* names[] = {"#DE", "#DB",         "NMI", "#BP", "#OF", "#BR", "#UD", "#NM",
                                 "#DF", "coprocessor", "#TS", "#NP", "#SS", "#GP", "#PF", "reserved",
                                 "#MF", "#AC",         "#MC", "#XM", "#VE", "#CP"};
const char* name_of(uint32_t number) { return number < std::size(names) ? names[number] : "trap"; }

// Do the page tables, as they are now, allow this access of ring 0 to a guest's address? The guest may have relaxed an
// entry without a flush; then the fault came from a stale translation, which the fault itself has dropped. The tables
// may change under our feet: every frame number is checked, and a wrong answer costs the guest no more than an error.
bool tables_allow(uint64_t address, uint32_t error_code) {
    uint64_t needed = pte::present | pte::user;
    if (error_code & page_fault::write) needed |= pte::writable;
    Mfn table = frame_of(MachAddr(read_cr3() & pte::frame_mask));
    for (unsigned level = 4; level >= 1; --level) {
        if (!is_ram(table)) return false;
        Pte entry(__atomic_load_n(&to_pointer<Pte>(table)[table_index(address, level)].raw, __ATOMIC_RELAXED));
        if (!entry.has(needed) || (level > 1 && entry.is_large())) return false;
        table = entry.mfn();
    }
    return true;
}

// True: try the instruction again.
bool repair_page_fault(uint64_t address, uint32_t error_code) {
    if (is_guest_range(GuestVirt(address), 1)) return tables_allow(address, error_code);
    // A selector of the guest's LDT is being loaded, by IRET or the context switch.
    Vcpu* vcpu = cpu_local().current;
    return vcpu && is_window_address(address) && map_ldt_on_demand(*vcpu, address);
}

// The IRET to the guest faulted: nothing of the guest is lost. Its general registers are those that this fault has
// saved (IRET changes none before it faults); the rest of its frame still stands, because the fault's frame was pushed
// below it.
RegisterFrame* recover_from_iret(RegisterFrame& fault) {
    CpuLocal& cpu = cpu_local();
    memmove(&cpu.frame, &fault, offsetof(RegisterFrame, error_code));
    cpu.frame.vector = 0;
    Vcpu& vcpu = *cpu.current;
    vcpu.cpu.ds = read_ds();
    vcpu.cpu.es = read_es();
    vcpu.cpu.fs = read_fs();
    vcpu.cpu.gs = read_gs();
    inject_failsafe(cpu, vcpu);
    (void)leave(cpu, vcpu);
    return &cpu.frame;
}

} // namespace

RegisterFrame* core_trap(RegisterFrame& frame) {
    uint32_t number = frame.vector;
    if (number >= vector::first_interrupt) {
        if (!cpu_local().in_idle) crash(frame, "interrupt while interrupts are off");
        dispatch_interrupt(static_cast<uint8_t>(number));
        return nullptr;
    }
    if (number == vector::page_fault && repair_page_fault(read_cr2(), frame.error_code)) return nullptr;
    if (frame.rip == reinterpret_cast<uint64_t>(iret_to_guest)) return recover_from_iret(frame);
    if (uint64_t fixup = find_fixup(frame.rip)) {
        frame.rip = fixup;
        return nullptr;
    }
    crash(frame, name_of(number));
}

void own_stack_trap(RegisterFrame& frame) {
    switch (frame.vector) {
    case vector::debug:
        // A guest's breakpoint on data that xen-core touched for it, or SYSENTER with the trap flag set: not the
        // guest's business while xen-core runs.
        write_dr6(0xffff0ff0);
        frame.rflags &= ~rflags::trap;
        return;
    case vector::nmi:
        if (is_stopping()) stop_this_cpu();
        log(LogLevel::warning, "CPU %u: NMI ignored\n", this_cpu().value);
        return;
    default: crash(frame, name_of(frame.vector));
    }
}

} // namespace skerry
