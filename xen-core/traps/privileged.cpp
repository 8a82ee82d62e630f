// SPDX-License-Identifier: MIT
#include "traps/privileged.h"

#include "arch/x86_64/features.h"
#include "arch/x86_64/instructions.h"
#include "arch/x86_64/time.h"
#include "arch/x86_64/tlb.h"
#include "domain/domain.h"
#include "hypercalls/dispatch.h"
#include "traps/bounce.h"
#include "traps/control_registers.h"
#include "traps/cpuid_policy.h"
#include "traps/guest_msr.h"
#include "traps/io_ports.h"
#include "traps/vectors.h"

namespace skerry {
namespace {

Emulated outcome(bool ok) { return ok ? Emulated::done : Emulated::refused; }

Emulated port_access(CpuLocal& cpu, Vcpu& vcpu, const PrivilegedInstruction& instruction) {
    RegisterFrame& frame = cpu.frame;
    uint16_t port = instruction.port_in_dx ? static_cast<uint16_t>(frame.rdx) : instruction.port;
    if (!may_use_port(vcpu, port, instruction.bytes)) return Emulated::refused;
    if (instruction.operation == PrivilegedOperation::out)
        write_port(vcpu, port, instruction.bytes, static_cast<uint32_t>(frame.rax));
    else
        write_register(frame, 0, read_port(vcpu, port, instruction.bytes), instruction.bytes);
    return Emulated::done;
}

uint64_t segment_base(uint8_t override) {
    switch (override) {
    case 0x64: return read_msr(msr::fs_base);
    case 0x65: return read_msr(msr::gs_base);
    default: return 0;
    }
}

void step_register(uint64_t& value, const RegisterFrame& frame, unsigned bytes, unsigned address_bytes) {
    uint64_t next = frame.rflags & rflags::direction ? value - bytes : value + bytes;
    value = address_bytes == 8 ? next : static_cast<uint32_t>(next);
}

// One element of ins or outs; a repeated one is executed again by the guest for the next. Compilers never emit these,
// so speed does not matter.
Emulated string_access(CpuLocal& cpu, Vcpu& vcpu, const PrivilegedInstruction& instruction) {
    RegisterFrame& frame = cpu.frame;
    auto port = static_cast<uint16_t>(frame.rdx);
    if (!may_use_port(vcpu, port, instruction.bytes)) return Emulated::refused;
    uint64_t mask = instruction.address_bytes == 8 ? ~uint64_t{0} : 0xffffffff;
    if (instruction.repeated && !(frame.rcx & mask)) return Emulated::done;
    bool output = instruction.operation == PrivilegedOperation::out_string;
    uint64_t& index = output ? frame.rsi : frame.rdi;
    GuestVirt address((index & mask) + (output ? segment_base(instruction.segment) : 0));
    uint32_t value = 0;
    if (output) {
        if (!copy_from_guest(&value, address, instruction.bytes).ok()) {
            inject_page_fault(cpu, vcpu, address.value, 0);
            return Emulated::faulted;
        }
        write_port(vcpu, port, instruction.bytes, value);
    } else {
        // Can it be written? The device must not be read in vain.
        if (!copy_from_guest(&value, address, instruction.bytes).ok() ||
            !copy_to_guest(address, &value, instruction.bytes).ok()) {
            inject_page_fault(cpu, vcpu, address.value, page_fault::write);
            return Emulated::faulted;
        }
        value = read_port(vcpu, port, instruction.bytes);
        (void)copy_to_guest(address, &value, instruction.bytes).ok();
    }
    step_register(index, frame, instruction.bytes, instruction.address_bytes);
    if (!instruction.repeated) return Emulated::done;
    frame.rcx = (frame.rcx & ~mask) | ((frame.rcx - 1) & mask);
    return frame.rcx & mask ? Emulated::retry : Emulated::done;
}

Emulated read_special(CpuLocal& cpu, Vcpu& vcpu, const PrivilegedInstruction& instruction) {
    std::optional<uint64_t> value;
    if (instruction.operation == PrivilegedOperation::read_control) {
        value = read_guest_control(vcpu, instruction.special_register);
    } else {
        Result<uint64_t> read = vcpu.cpu.get_debug_register(instruction.special_register);
        if (read.ok()) value = read.value();
    }
    if (!value) return Emulated::refused;
    write_register(cpu.frame, instruction.register_number, *value, 8);
    return Emulated::done;
}

Emulated write_control(CpuLocal& cpu, Vcpu& vcpu, unsigned index, uint64_t value) {
    switch (write_guest_control(cpu, vcpu, index, value)) {
    case ControlWrite::done: return Emulated::done;
    case ControlWrite::retry: return Emulated::retry;
    default: return Emulated::refused;
    }
}

Emulated write_special(CpuLocal& cpu, Vcpu& vcpu, const PrivilegedInstruction& instruction) {
    uint64_t value = read_register(cpu.frame, instruction.register_number, 8);
    if (instruction.operation == PrivilegedOperation::write_debug)
        return outcome(vcpu.cpu.set_debug_register(instruction.special_register, value).ok());
    return write_control(cpu, vcpu, instruction.special_register, value);
}

// Only the low four bits of CR0 can be loaded, and PE not cleared.
Emulated load_machine_status(CpuLocal& cpu, Vcpu& vcpu, const PrivilegedInstruction& instruction) {
    uint64_t now = *read_guest_control(vcpu, 0);
    uint64_t low = read_register(cpu.frame, instruction.register_number, 2) & 15;
    return write_control(cpu, vcpu, 0, (now & ~uint64_t{14}) | low);
}

Emulated access_msr(CpuLocal& cpu, Vcpu& vcpu, bool write) {
    RegisterFrame& frame = cpu.frame;
    auto number = static_cast<uint32_t>(frame.rcx);
    if (write)
        return outcome(write_guest_msr(
            vcpu, number, uint64_t{static_cast<uint32_t>(frame.rdx)} << 32 | static_cast<uint32_t>(frame.rax)));
    std::optional<uint64_t> value = read_guest_msr(vcpu, number);
    if (!value) return Emulated::refused;
    frame.rax = static_cast<uint32_t>(*value);
    frame.rdx = *value >> 32;
    return Emulated::done;
}

// Reached with CR4.TSD set, which the guest chose for its user mode only.
Emulated read_time(CpuLocal& cpu, Vcpu& vcpu, bool with_cpu) {
    uint64_t value = read_tsc();
    cpu.frame.rax = static_cast<uint32_t>(value);
    cpu.frame.rdx = value >> 32;
    if (with_cpu) cpu.frame.rcx = vcpu.cpu.tsc_aux;
    return Emulated::done;
}

// As SCHEDOP_block: interrupts on, and wait.
Emulated halt_guest(Vcpu& vcpu) {
    CallArguments none{};
    Caller caller{vcpu, vcpu.domain, none};
    return outcome(hypercall_sched_op(caller, SCHEDOP_block, GuestHandle<void>()).ok());
}

Emulated set_extended_control(CpuLocal& cpu, Vcpu& vcpu) {
    const RegisterFrame& frame = cpu.frame;
    uint64_t value = uint64_t{static_cast<uint32_t>(frame.rdx)} << 32 | static_cast<uint32_t>(frame.rax);
    return outcome(static_cast<uint32_t>(frame.rcx) == 0 && set_guest_xcr0(vcpu, value));
}

// What the guest's user mode may do too, if its kernel lets it.
bool is_for_users(PrivilegedOperation operation) {
    switch (operation) {
    case PrivilegedOperation::in:
    case PrivilegedOperation::out:
    case PrivilegedOperation::in_string:
    case PrivilegedOperation::out_string:
    case PrivilegedOperation::clear_interrupt:
    case PrivilegedOperation::set_interrupt:
    case PrivilegedOperation::cpuid: return true;
    default: return false;
    }
}

} // namespace

void execute_cpuid(CpuLocal& cpu, Vcpu& vcpu, bool by_prefix) {
    const PvCpuState& state = vcpu.cpu;
    CpuidView view{.machine = [](uint32_t leaf, uint32_t subleaf) { return cpuid(leaf, subleaf); },
                   .osxsave = (state.cr4 & cr4::osxsave) || (by_prefix && state.in_kernel),
                   .fsgsbase = cpu_features.fsgsbase,
                   .rdtscp = cpu_features.rdtscp,
                   .machine_xcr0 = cpu_features.xsave ? cpu_features.xcr0 : 0,
                   .guest_xcr0 = state.xcr0,
                   .tsc_khz = static_cast<uint32_t>(tsc_hertz / 1000),
                   .tsc_offset = tsc_at_start,
                   .tsc_multiplier = tsc_scale.multiplier,
                   .tsc_shift = tsc_scale.shift,
                   .address_bits = cpu_features.physical_address_bits};
    RegisterFrame& frame = cpu.frame;
    CpuidLeaf leaf = guest_cpuid(view, static_cast<uint32_t>(frame.rax), static_cast<uint32_t>(frame.rcx));
    frame.rax = leaf.eax;
    frame.rbx = leaf.ebx;
    frame.rcx = leaf.ecx;
    frame.rdx = leaf.edx;
}

Emulated emulate_privileged(CpuLocal& cpu, Vcpu& vcpu, const PrivilegedInstruction& instruction) {
    using Op = PrivilegedOperation;
    if (!vcpu.cpu.in_kernel && !is_for_users(instruction.operation)) return Emulated::refused;
    switch (instruction.operation) {
    case Op::in:
    case Op::out: return port_access(cpu, vcpu, instruction);
    case Op::in_string:
    case Op::out_string: return string_access(cpu, vcpu, instruction);
    // Accepted and without effect, as on Xen: popf could not be caught, so the event mask is the guest's way.
    case Op::clear_interrupt:
    case Op::set_interrupt: return outcome(has_io_privilege(vcpu));
    case Op::halt: return halt_guest(vcpu);
    case Op::clear_task_switched: vcpu.cpu.set_task_switched(false); return Emulated::done;
    case Op::write_back_caches:
        // Only who has devices can need it.
        if (vcpu.domain.io_memory.size()) write_back_caches();
        return Emulated::done;
    case Op::read_control:
    case Op::read_debug: return read_special(cpu, vcpu, instruction);
    case Op::write_control:
    case Op::write_debug: return write_special(cpu, vcpu, instruction);
    case Op::load_machine_status: return load_machine_status(cpu, vcpu, instruction);
    case Op::invalidate_page: flush_tlb_local(); return Emulated::done;
    case Op::read_msr: return access_msr(cpu, vcpu, false);
    case Op::write_msr: return access_msr(cpu, vcpu, true);
    case Op::read_tsc: return read_time(cpu, vcpu, false);
    case Op::read_tsc_and_cpu: return read_time(cpu, vcpu, true);
    case Op::cpuid: execute_cpuid(cpu, vcpu, false); return Emulated::done;
    case Op::set_extended_control: return set_extended_control(cpu, vcpu);
    }
    return Emulated::refused;
}

} // namespace skerry
