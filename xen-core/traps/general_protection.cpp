// SPDX-License-Identifier: MIT
// #GP and #UD of guests: privileged instructions, software interrupts without a gate, CPUID by prefix, and the rest,
// which is for the guest's kernel.
#include "arch/x86_64/instructions.h"
#include "domain/domain.h"
#include "traps/bounce.h"
#include "traps/entry.h"
#include "traps/exit.h"
#include "traps/fetch.h"
#include "traps/privileged.h"
#include "traps/vectors.h"

#include <string.h>

namespace skerry {
namespace {

// ud2a followed by "xen": XEN_EMULATE_PREFIX of <xen/arch-x86/xen.h>.
constexpr uint8_t emulate_prefix[] = {0x0f, 0x0b, 'x', 'e', 'n'};
constexpr uint8_t cpuid_opcode[] = {0x0f, 0xa2};
constexpr uint8_t int_opcode = 0xcd;

// `int n` of a vector whose real gate is closed to guests. Error code: 8n + 2; which vector is meant is read from the
// instruction, because not every emulated CPU computes the code so. True: handled.
bool software_interrupt(CpuLocal& cpu, Vcpu& vcpu) {
    constexpr unsigned int_length = 2;
    RegisterFrame& frame = cpu.frame;
    InstructionBytes code = fetch_instruction(frame);
    if (code.count < int_length || code.bytes[0] != int_opcode) return false;
    const trap_info_t& trap = vcpu.cpu.traps[code.bytes[1]];
    unsigned level = vcpu.cpu.in_kernel ? 1 : 3;
    if ((trap.flags & 3) < level || !trap.address) {
        frame.error_code = code.bytes[1] << 3 | selector_error::interrupt_gate;
        return false;
    }
    frame.rip += int_length;
    inject_trap(cpu, vcpu, code.bytes[1]);
    return true;
}

} // namespace

uint32_t handle_general_protection(CpuLocal& cpu, Vcpu& vcpu) {
    RegisterFrame& frame = cpu.frame;
    uint32_t error_code = frame.error_code;
    if ((error_code & (selector_error::external | selector_error::interrupt_gate)) == selector_error::interrupt_gate) {
        if (software_interrupt(cpu, vcpu)) return keep_registers;
    } else if (error_code == 0) {
        std::optional<PrivilegedInstruction> instruction =
            decode_privileged(fetch_instruction(frame), is_long_mode(frame));
        Emulated result = instruction ? emulate_privileged(cpu, vcpu, *instruction) : Emulated::refused;
        if (result == Emulated::done) step_over(cpu, vcpu, instruction->length);
        if (result != Emulated::refused) return load_registers;
    }
    inject_trap(cpu, vcpu, vector::general_protection, frame.error_code);
    return keep_registers;
}

uint32_t handle_invalid_opcode(CpuLocal& cpu, Vcpu& vcpu) {
    InstructionBytes code = fetch_instruction(cpu.frame);
    constexpr unsigned length = sizeof(emulate_prefix) + sizeof(cpuid_opcode);
    if (code.count >= length && !memcmp(code.bytes, emulate_prefix, sizeof(emulate_prefix)) &&
        !memcmp(code.bytes + sizeof(emulate_prefix), cpuid_opcode, sizeof(cpuid_opcode))) {
        execute_cpuid(cpu, vcpu, true);
        step_over(cpu, vcpu, length);
        return load_registers;
    }
    inject_trap(cpu, vcpu, vector::invalid_opcode);
    return keep_registers;
}

} // namespace skerry
