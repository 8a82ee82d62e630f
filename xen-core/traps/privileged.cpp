// SPDX-License-Identifier: MIT
#include "hypercalls/dispatch.h"
#include "traps/cpuid_policy.h"
#include "traps/entry.h"

namespace skerry {
namespace {

// --- ports ---------------------------------------------------------------------------------------------------------
// Two questions, as on Xen: does the guest's kernel let this code use the port (I/O privilege level, I/O bitmap)? If
// not, #GP. Does the domain have the port? If not, reads give ones and writes go nowhere.

// By privilege level alone: what cli, sti and all ports need.
bool has_io_privilege(const Vcpu& vcpu) {
    unsigned needed = !vcpu.cpu.in_kernel ? 3 : shows_iopl(vcpu) ? 0 : 1;
    return vcpu.cpu.iopl >= needed;
}

bool bitmap_allows(const PvCpuState& state, uint16_t port, unsigned bytes) {
    uint8_t map[2]{};
    unsigned first_bit = port % 8, map_bytes = (first_bit + bytes + 7) / 8;
    if (uint32_t{port} + bytes > state.io_bitmap_ports) return false;
    bool is_read = false;
    in_kernel_space(cpu_local(), state,
                    [&] { is_read = copy_from_guest(map, GuestVirt(state.io_bitmap + port / 8), map_bytes).ok(); });
    return is_read && !((map[0] | map[1] << 8) >> first_bit & ((1u << bytes) - 1));
}

bool domain_has(const Vcpu& vcpu, uint16_t port, unsigned bytes) {
    return vcpu.domain.io_ports.contains(port, port + bytes - 1u);
}

uint32_t read_port(const Vcpu& vcpu, uint16_t port, unsigned bytes) {
    if (!domain_has(vcpu, port, bytes)) return ~0u;
    return bytes == 1 ? in8(port) : bytes == 2 ? in16(port) : in32(port);
}

void write_port(const Vcpu& vcpu, uint16_t port, unsigned bytes, uint32_t value) {
    if (!domain_has(vcpu, port, bytes)) return;
    // Of the system timer's channels only the speaker's may be a domain's.
    constexpr unsigned timer_command = 0x43, speaker_channel = 2;
    unsigned place = timer_command - port;
    if (place < bytes && (value >> 8 * place & 0xff) >> 6 != speaker_channel) return;
    switch (bytes) {
    case 1: return out8(port, static_cast<uint8_t>(value));
    case 2: return out16(port, static_cast<uint16_t>(value));
    default: return out32(port, value);
    }
}

// One element of ins or outs; a repeated one is executed again by the guest for the next. Compilers never emit these,
// so speed does not matter.
Status string_access(CpuLocal& cpu, Vcpu& vcpu, const Instruction& instruction, uint16_t port) {
    RegisterFrame& frame = cpu.frame;
    unsigned bytes = instruction.bytes;
    uint64_t mask = instruction.address_bytes == 8 ? ~uint64_t{0} : 0xffffffff;
    if (instruction.repeated && !(frame.rcx & mask)) return success;
    bool output = instruction.operation == Operation::out_string;
    uint64_t& index = output ? frame.rsi : frame.rdi;
    bool by_fs = output && instruction.segment == 0x64, by_gs = output && instruction.segment == 0x65;
    uint64_t base = by_fs ? read_msr(msr::fs_base) : by_gs ? read_msr(msr::gs_base) : 0;
    GuestVirt address((index & mask) + base);
    uint32_t value = 0;
    // For input, can it be written? The device must not be read in vain.
    if (!copy_from_guest(&value, address, bytes).ok() || (!output && !copy_to_guest(address, &value, bytes).ok())) {
        inject_page_fault(cpu, vcpu, address.value, output ? 0 : page_fault::write);
        return Error::restart;
    }
    if (output) {
        write_port(vcpu, port, bytes, value);
    } else {
        value = read_port(vcpu, port, bytes);
        (void)copy_to_guest(address, &value, bytes).ok();
    }
    index = (frame.rflags & rflags::direction ? index - bytes : index + bytes) & mask;
    if (!instruction.repeated) return success;
    frame.rcx = (frame.rcx & ~mask) | ((frame.rcx - 1) & mask);
    return success_if(!(frame.rcx & mask), Error::restart);
}

Status port_access(CpuLocal& cpu, Vcpu& vcpu, const Instruction& instruction) {
    RegisterFrame& frame = cpu.frame;
    auto port = static_cast<uint16_t>(instruction.has_immediate ? instruction.immediate : frame.rdx);
    if (!has_io_privilege(vcpu) && !bitmap_allows(vcpu.cpu, port, instruction.bytes)) return Error::not_permitted;
    switch (instruction.operation) {
    case Operation::in:
        write_register(frame, 0, read_port(vcpu, port, instruction.bytes), instruction.bytes);
        return success;
    case Operation::out: write_port(vcpu, port, instruction.bytes, static_cast<uint32_t>(frame.rax)); return success;
    default: return string_access(cpu, vcpu, instruction, port);
    }
}

// --- the rest ------------------------------------------------------------------------------------------------------

uint64_t edx_eax(const RegisterFrame& frame) { return frame.rdx << 32 | static_cast<uint32_t>(frame.rax); }
void set_edx_eax(RegisterFrame& frame, uint64_t value) {
    frame.rax = static_cast<uint32_t>(value);
    frame.rdx = value >> 32;
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
                   .address_bits = static_cast<uint8_t>(std::bit_width(max_mfn().value) + page_shift)};
    RegisterFrame& frame = cpu.frame;
    CpuidLeaf leaf = guest_cpuid(view, static_cast<uint32_t>(frame.rax), static_cast<uint32_t>(frame.rcx));
    frame.rax = leaf.eax;
    frame.rbx = leaf.ebx;
    frame.rcx = leaf.ecx;
    frame.rdx = leaf.edx;
}

Status execute_privileged(CpuLocal& cpu, Vcpu& vcpu, const Instruction& instruction) {
    using enum Operation;
    PvCpuState& state = vcpu.cpu;
    RegisterFrame& frame = cpu.frame;
    auto selected = static_cast<uint32_t>(frame.rcx); // what names an MSR or an extended control register
    unsigned special = instruction.special_register;
    uint64_t& general = general_register(frame, instruction.register_number);
    if (!state.in_kernel && !is_for_users(instruction.operation)) return Error::not_permitted;
    switch (instruction.operation) {
    case in:
    case out:
    case in_string:
    case out_string: return port_access(cpu, vcpu, instruction);
    // Accepted and without effect, as on Xen: popf could not be caught, so the event mask is the guest's way.
    case clear_interrupt:
    case set_interrupt: return success_if(has_io_privilege(vcpu), Error::not_permitted);
    case cpuid: execute_cpuid(cpu, vcpu, false); return success;
    case halt: vcpu.block(); return success;
    case clear_task_switched: state.set_task_switched(false); return success;
    case write_back_caches:
        // Only who has devices can need it.
        if (vcpu.domain.io_memory.size()) skerry::write_back_caches();
        return success;
    case read_control: general = TRY(read_guest_control(vcpu, special)); return success;
    case write_control: return write_guest_control(cpu, vcpu, special, general);
    case read_debug: general = TRY(state.get_debug_register(special)); return success;
    case write_debug: return state.set_debug_register(special, general);
    case read_msr: set_edx_eax(frame, TRY(read_guest_msr(vcpu, selected))); return success;
    case write_msr: return write_guest_msr(vcpu, selected, edx_eax(frame));
    // Reached with CR4.TSD set, which the guest chose for its user mode only.
    case read_tsc_and_cpu: frame.rcx = state.tsc_aux; [[fallthrough]];
    case read_tsc: set_edx_eax(frame, skerry::read_tsc()); return success;
    case set_extended_control: return selected == 0 ? set_guest_xcr0(vcpu, edx_eax(frame)) : Status(Error::invalid);
    default: return Error::not_supported; // it writes to memory: the fault was another
    }
}

} // namespace skerry
