// SPDX-License-Identifier: MIT
// Each CPU's ways in: IDT, TSS, SYSCALL and SYSENTER registers, and the page by which SYSCALL finds the stack. And what
// comes in from xen-core itself: interrupts of an idle CPU, faults that were expected, and the rest, which is the end.
#include "arch/x86_64/core_page_tables.h"
#include "arch/x86_64/machine_power.h"
#include "traps/entry.h"

namespace skerry {

extern "C" const uint8_t vector_entries[], syscall_entry_page[], syscall64_entry[], syscall32_entry[], sysenter_entry[],
    iret_to_guest[];

namespace {

// Interrupt gates (Intel SDM volume 3, 6.14.1): all of xen-core runs with interrupts off. Entered on the stack of the
// TSS's rsp0 or the one in use, but for some.
struct Gate {
    uint64_t low, high;
};
alignas(page_size) Gate gates[256];

void fill_gates() {
    constexpr uint64_t present_interrupt = uint64_t{0x8e} << 40, user = uint64_t{3} << 45, entry_size = 16;
    for (unsigned number = 0; number < 256; ++number) {
        uint64_t entry = reinterpret_cast<uint64_t>(vector_entries) + number * entry_size;
        gates[number].low =
            (entry & 0xffff) | uint32_t{selector::core_code} << 16 | present_interrupt | (entry >> 16 & 0xffff) << 48;
        gates[number].high = entry >> 32;
    }
    for (unsigned number : {vector::breakpoint, vector::overflow, vector::int80}) gates[number].low |= user;
    constexpr unsigned own_stacks[][2] = {{vector::debug, CPU_IST_DEBUG},
                                          {vector::nmi, CPU_IST_NMI},
                                          {vector::double_fault, CPU_IST_DOUBLE_FAULT},
                                          {vector::machine_check, CPU_IST_MACHINE_CHECK}};
    for (auto [number, stack] : own_stacks) gates[number].low |= uint64_t{stack} << 32;
}

void set_up_task_state(CpuLocal& cpu, uint64_t stack) {
    TaskState& state = cpu.task_state;
    state = {};
    state.rsp[0] = stack + CPU_STACK_FRAME_END;
    state.ist[CPU_IST_DOUBLE_FAULT - 1] = stack + 2 * page_size;
    state.ist[CPU_IST_MACHINE_CHECK - 1] = stack + 3 * page_size;
    state.ist[CPU_IST_DEBUG - 1] = stack + 2 * page_size + page_size / 2;
    state.ist[CPU_IST_NMI - 1] = stack + 4 * page_size;
    state.io_bitmap_offset = sizeof(TaskState);
    load_task_state(cpu.id, &state);
}

void set_up_system_calls(uint64_t stack) {
    Mfn page = frame_of(layout::image_address(syscall_entry_page));
    if (!map_core_page(stack, page, pte::core_text).ok()) panic("no memory for the page tables of a CPU's entry page");
    invlpg_local(GuestVirt(stack));
    auto in_page = [&](const uint8_t* entry) { return stack + static_cast<uint64_t>(entry - syscall_entry_page); };
    // SYSRET's selectors count from STAR[63:48]: +8 SS, +16 CS of 64-bit code; SYSCALL's from STAR[47:32].
    static_assert(selector::ring3_code32 + 8 == selector::ring3_data &&
                  selector::ring3_code32 + 16 == selector::ring3_code64);
    static_assert(selector::core_code + 8 == selector::core_data);
    write_msr(msr::star, uint64_t{selector::ring3_code32} << 48 | uint64_t{selector::core_code} << 32);
    write_msr(msr::lstar, in_page(syscall64_entry));
    write_msr(msr::cstar, in_page(syscall32_entry));
    write_msr(msr::syscall_mask, rflags::trap | rflags::interrupts | rflags::direction | rflags::io_privilege |
                                     rflags::nested_task | rflags::resume | rflags::virtual_8086 |
                                     rflags::alignment_check);
    if (cpu_features.intel) {
        write_msr(msr::sysenter_cs, selector::core_code);
        write_msr(msr::sysenter_esp, stack + CPU_STACK_FRAME_END);
        write_msr(msr::sysenter_eip, reinterpret_cast<uint64_t>(sysenter_entry));
    }
}

// --- traps of xen-core itself ---

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
    auto read_if_allowed = [needed](const Pte* slot, unsigned level) {
        Pte entry(__atomic_load_n(&slot->raw, __ATOMIC_RELAXED));
        return entry.has(needed) && (level == 1 || (is_ram(entry.mfn()) && !entry.is_large())) ? entry : Pte();
    };
    Pte* slot = walk_tables(frame_of(MachAddr(read_cr3() & pte::frame_mask)), address, 1, read_if_allowed);
    return slot && read_if_allowed(slot, 1).is_present();
}

// True: try the instruction again.
bool repair_page_fault(uint64_t address, uint32_t error_code) {
    if (is_guest_range(GuestVirt(address), 1)) return tables_allow(address, error_code);
    // A selector of the guest's LDT is being loaded, by IRET or the context switch.
    Vcpu* vcpu = cpu_local().current;
    return vcpu && is_window_address(address) && map_ldt_on_demand(*vcpu, address);
}

// The IRET to the guest faulted: its kernel is told as if the guest had executed it. Nothing of the guest is lost: its
// general registers are those that this fault has saved (IRET changes none before it faults); the rest of its frame still
// stands, because the fault's frame was pushed below it.
RegisterFrame* recover_from_iret(RegisterFrame& fault) {
    CpuLocal& cpu = cpu_local();
    memmove(&cpu.frame, &fault, offsetof(RegisterFrame, rip));
    Vcpu& vcpu = *cpu.current;
    if (cpu.frame.vector == vector::page_fault) {
        (void)handle_unusual_page_fault(cpu, vcpu, read_cr2());
    } else {
        inject_trap(cpu, vcpu, cpu.frame.vector, cpu.frame.error_code);
        (void)leave(cpu, vcpu);
    }
    return &cpu.frame;
}

} // namespace

void set_up_cpu_entry() {
    CpuLocal& cpu = cpu_local();
    uint64_t stack = cpu_stack_base(cpu.id);
    if (!gates[0].low) fill_gates();
    load_window_gdt(0);
    load_window_ldt(cpu.id, 0, 0);
    load_core_segments(selector::core_code, selector::core_data);
    set_up_task_state(cpu, stack);
    load_idt({.limit = sizeof(gates) - 1, .base = reinterpret_cast<uint64_t>(gates)});
    set_up_system_calls(stack);
    trap_guest_cpuid();
    cpu.loaded_cr4 = static_cast<uint32_t>(core_cr4());
}

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
        return raise_work(this_cpu(), PendingWork::nmi);
    default: crash(frame, name_of(frame.vector));
    }
}

} // namespace skerry
