// SPDX-License-Identifier: MIT
// Page faults of guests: nearly all are the guest's own. Two are not: a write to one of its page tables, which it sees
// read-only, and the first use of a page of its LDT.
#include "arch/x86_64/instructions.h"
#include "domain/domain.h"
#include "traps/bounce.h"
#include "traps/entry.h"
#include "traps/exit.h"
#include "traps/pt_write.h"
#include "traps/vectors.h"

namespace skerry {
namespace {

// The address is xen-core's.
[[gnu::cold, gnu::noinline]] uint32_t fault_in_core_range(CpuLocal& cpu, Vcpu& vcpu, uint64_t address) {
    uint32_t error_code = cpu.frame.error_code;
    if (!is_window_address(address) || (error_code & page_fault::user)) {
        inject_page_fault(cpu, vcpu, address, error_code);
        return keep_registers;
    }
    if (map_ldt_on_demand(vcpu, address)) return keep_registers;
    // The guest sees the fault where it believes its LDT to be.
    uint64_t offset = window_address(address).offset;
    if (offset >= layout::vcpu_window_ldt_offset)
        inject_page_fault(cpu, vcpu, vcpu.cpu.ldt_base + offset - layout::vcpu_window_ldt_offset, error_code);
    else
        inject_trap(cpu, vcpu, vector::general_protection, static_cast<uint16_t>(offset & ~7u));
    return keep_registers;
}

} // namespace

bool map_ldt_on_demand(Vcpu& vcpu, uint64_t address) {
    WindowAddress place = window_address(address);
    return place.window == vcpu.cpu.window && place.offset >= layout::vcpu_window_ldt_offset &&
           vcpu.cpu.map_ldt_page(vcpu.domain.mmu, place.offset - static_cast<unsigned>(layout::vcpu_window_ldt_offset));
}

uint32_t handle_unusual_page_fault(CpuLocal& cpu, Vcpu& vcpu, uint64_t address) {
    if (address - layout::core_start < layout::core_end - layout::core_start)
        return fault_in_core_range(cpu, vcpu, address);
    switch (emulate_page_table_write(cpu, vcpu, GuestVirt(address))) {
    case PtWriteOutcome::done: return load_registers;
    case PtWriteOutcome::retry: return keep_registers;
    case PtWriteOutcome::not_ours: break;
    }
    inject_page_fault(cpu, vcpu, address, cpu.frame.error_code);
    return keep_registers;
}

} // namespace skerry
