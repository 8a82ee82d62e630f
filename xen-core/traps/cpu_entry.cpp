// SPDX-License-Identifier: MIT
// Each CPU's ways in: IDT, TSS, SYSCALL and SYSENTER registers, and the page by which SYSCALL finds the stack.
#include "arch/x86_64/core_page_tables.h"
#include "arch/x86_64/features.h"
#include "traps/entry.h"
#include "traps/privileged.h"

namespace skerry {

extern "C" const uint8_t vector_entries[], syscall_entry_page[], syscall64_entry[], syscall32_entry[], sysenter_entry[];

namespace {

// Interrupt gates (Intel SDM volume 3, 6.14.1): all of xen-core runs with interrupts off.
struct Gate {
    uint16_t offset_low, selector;
    uint8_t stack; // IST index, 0: the TSS's rsp0 or the stack in use
    uint8_t type;
    uint16_t offset_middle;
    uint32_t offset_high, reserved;
};
static_assert(sizeof(Gate) == 16);

constexpr unsigned vector_entry_size = 16;
constexpr uint8_t gate_present_interrupt = 0x8e;
constexpr uint8_t gate_user = 3 << 5;

alignas(page_size) Gate gates[256];

constexpr uint8_t stack_of(unsigned number) {
    switch (number) {
    case vector::debug: return CPU_IST_DEBUG;
    case vector::nmi: return CPU_IST_NMI;
    case vector::double_fault: return CPU_IST_DOUBLE_FAULT;
    case vector::machine_check: return CPU_IST_MACHINE_CHECK;
    default: return 0;
    }
}

void fill_gates() {
    for (unsigned number = 0; number < 256; ++number) {
        auto entry = reinterpret_cast<uint64_t>(vector_entries) + number * vector_entry_size;
        bool for_users = number == vector::breakpoint || number == vector::overflow || number == vector::int80;
        auto type = static_cast<uint8_t>(gate_present_interrupt | (for_users ? gate_user : 0));
        gates[number] = {static_cast<uint16_t>(entry),
                         selector::core_code,
                         stack_of(number),
                         type,
                         static_cast<uint16_t>(entry >> 16),
                         static_cast<uint32_t>(entry >> 32),
                         0};
    }
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

void map_syscall_page(uint64_t stack) {
    Mfn page((reinterpret_cast<uint64_t>(syscall_entry_page) - layout::image_virt + layout::image_phys) >> page_shift);
    if (!map_core_page(stack, page, pte::core_text).ok()) panic("no memory for the page tables of a CPU's entry page");
    invlpg_local(GuestVirt(stack));
}

void set_up_system_calls(uint64_t stack) {
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

} // namespace

void set_up_cpu_entry() {
    CpuLocal& cpu = cpu_local();
    uint64_t stack = cpu_stack_base(cpu.id);
    if (!gates[0].type) fill_gates();
    load_window_gdt(0);
    load_window_ldt(cpu.id, 0, 0);
    load_core_segments(selector::core_code, selector::core_data);
    set_up_task_state(cpu, stack);
    load_idt({.limit = sizeof(gates) - 1, .base = reinterpret_cast<uint64_t>(gates)});
    map_syscall_page(stack);
    set_up_system_calls(stack);
    trap_guest_cpuid();
    cpu.loaded_cr4 = static_cast<uint32_t>(core_cr4());
}

} // namespace skerry
