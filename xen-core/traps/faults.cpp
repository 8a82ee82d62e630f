// SPDX-License-Identifier: MIT
// How guests are told of traps; and the faults of guests that are not simply passed on: a write to a page table, which
// the guest sees read-only; the first use of a page of its LDT; privileged instructions; software interrupts without a
// gate; CPUID by prefix.
#include "traps/entry.h"

namespace skerry {
namespace {

// --- the instruction at which a guest stands -----------------------------------------------------------------------

// As many bytes as can be read from rip on; none if rip is not the guest's.
InstructionBytes fetch_instruction(const RegisterFrame& frame) {
    InstructionBytes code{};
    constexpr size_t all = sizeof(code.bytes);
    GuestVirt at(frame.rip);
    size_t in_page = page_size - frame.rip % page_size;
    if (LIKELY(in_page >= all)) {
        if (is_guest_readable(at, all) && read_guest_object(code.bytes, at)) code.count = max_instruction_length;
    } else if (copy_from_guest(code.bytes, at, in_page).ok()) {
        bool rest = copy_from_guest(code.bytes + in_page, at + in_page, all - in_page).ok();
        code.count = rest ? max_instruction_length : static_cast<unsigned>(in_page);
    }
    return code;
}

// Is the guest in 64-bit code? (By the L bit of its code segment, which need not be ours.)
bool is_long_mode(const RegisterFrame& frame) {
    constexpr uint32_t long_code = 1 << 21;
    return frame.cs == selector::ring3_code64 ||
           (frame.cs != selector::ring3_code32 && (access_rights(frame.cs) & long_code));
}

// After an instruction of `length` bytes has been executed for the guest: goes past it, and raises the debug trap that
// the CPU would have raised if the guest is single-stepping.
void step_over(CpuLocal& cpu, Vcpu& vcpu, unsigned length) {
    constexpr uint64_t dr6_single_step = 1 << 14;
    RegisterFrame& frame = cpu.frame;
    frame.rip += length;
    if (UNLIKELY(!is_long_mode(frame))) frame.rip &= 0xffffffff;
    frame.rflags &= ~rflags::resume;
    if (LIKELY(!(frame.rflags & rflags::trap))) return;
    vcpu.cpu.debug_registers[6] |= dr6_single_step;
    inject_trap(cpu, vcpu, vector::debug);
}

// The guest is to go on as its registers say: it has been served, or executes the instruction again.
bool is_settled(const Status& status) { return status.ok() || status.error() == Error::restart; }

Status execute_instruction(CpuLocal& cpu, Vcpu& vcpu) {
    Instruction instruction = TRY(decode(fetch_instruction(cpu.frame), is_long_mode(cpu.frame)));
    TRY(execute_privileged(cpu, vcpu, instruction));
    step_over(cpu, vcpu, instruction.length);
    return success;
}

// --- writes of a guest kernel to its own page tables: judged and done by pv_mmu ------------------------------------

void finish_registers(RegisterFrame& frame, const Instruction& write, uint64_t old, uint64_t rflags) {
    frame.rflags = rflags;
    switch (write.operation) {
    case Operation::exchange:
    case Operation::exchange_add:
        write_register(frame, write.register_number, old, write.bytes, write.high_byte);
        break;
    case Operation::compare_exchange:
        if (read_register(frame, 0, write.bytes) != old) write_register(frame, 0, old, write.bytes);
        break;
    case Operation::move_string:
    case Operation::store_string: {
        uint64_t step = rflags & rflags::direction ? uint64_t{0} - write.bytes : write.bytes;
        frame.rdi += step;
        if (write.operation == Operation::move_string) frame.rsi += step;
        if (write.repeated) --frame.rcx;
        break;
    }
    default: break;
    }
}

// Success: executed. Error::restart: execute it again. Any other: an ordinary fault of the guest.
Status emulate_page_table_write(CpuLocal& cpu, Vcpu& vcpu, GuestVirt address) {
    RegisterFrame& frame = cpu.frame;
    const Instruction write = TRY(decode(fetch_instruction(frame), is_long_mode(frame)));
    if (!is_memory_write(write.operation) || address.value % 8 + write.bytes > 8) return Error::not_supported;
    bool copies = write.operation == Operation::move_string;
    bool is_string = copies || write.operation == Operation::store_string;
    if (is_string && (frame.rdi != address.value || (write.repeated && !frame.rcx))) return Error::not_supported;
    if (copies && write.segment) return Error::not_supported;
    uint64_t operand = write.has_immediate ? write.immediate
                                           : read_register(frame, write.register_number, write.bytes, write.high_byte);
    // A bit number in a register may reach outside of the operand; such an access did not fault where we believe.
    bool is_of_bit = write.operation >= Operation::bit_set && write.operation <= Operation::bit_complement;
    if (is_of_bit && !write.has_immediate && operand >= write.bytes * 8u) return Error::not_supported;

    if (copies) TRY(copy_from_guest(&operand, GuestVirt(frame.rsi), write.bytes));
    uint64_t old = 0;
    bool compares = reads_memory(write.operation);
    // The mapping is read-only for the guest, but it can be read.
    if (compares) TRY(copy_from_guest(&old, address, write.bytes));
    Computed computed = compute(write.operation, write.bytes, old, operand, frame.rax, frame.rflags);
    PtWrite request{
        .address = address, .bytes = write.bytes, .value = computed.value, .expected = old, .compares = compares};
    Mfn root = frame_of(MachAddr(vcpu.cpu.in_kernel ? vcpu.cpu.kernel_cr3 : vcpu.cpu.user_cr3));
    WorkBudget budget;
    uint64_t before = TRY(vcpu.domain.mmu.emulate_pt_write(root, request, budget));
    if (compares && before != old) return Error::restart; // somebody else was faster
    finish_registers(frame, write, before, computed.rflags);
    // A repeated string store is executed once here, and once more by the guest for each further element.
    step_over(cpu, vcpu, write.repeated ? 0 : write.length);
    return success;
}

// --- the rest ------------------------------------------------------------------------------------------------------

// The address is xen-core's.
[[gnu::cold, gnu::noinline]] void fault_in_core_range(CpuLocal& cpu, Vcpu& vcpu, uint64_t address) {
    uint32_t error_code = cpu.frame.error_code;
    if (!is_window_address(address) || (error_code & page_fault::user))
        return (void)inject_page_fault(cpu, vcpu, address, error_code);
    if (map_ldt_on_demand(vcpu, address)) return;
    uint64_t offset = window_address(address).offset;
    if (offset < layout::vcpu_window_ldt_offset)
        return inject_trap(cpu, vcpu, vector::general_protection, static_cast<uint16_t>(offset & ~7u));
    // The guest sees the fault where it believes its LDT to be.
    inject_page_fault(cpu, vcpu, vcpu.cpu.ldt_base + offset - layout::vcpu_window_ldt_offset, error_code);
}

// `int n` of a vector whose real gate is closed to guests. Error code: 8n + 2; which vector is meant is read from the
// instruction, because not every emulated CPU computes the code so. True: handled.
bool software_interrupt(CpuLocal& cpu, Vcpu& vcpu) {
    constexpr uint8_t int_opcode = 0xcd;
    constexpr unsigned int_length = 2;
    InstructionBytes code = fetch_instruction(cpu.frame);
    if (code.count < int_length || code.bytes[0] != int_opcode) return false;
    unsigned number = code.bytes[1], level = vcpu.cpu.in_kernel ? 1 : 3;
    const trap_info_t& trap = vcpu.cpu.traps[number];
    cpu.frame.error_code = number << 3 | selector_error::interrupt_gate;
    if ((trap.flags & 3) < level || !trap.address) return false;
    cpu.frame.rip += int_length;
    inject_trap(cpu, vcpu, number);
    return true;
}

} // namespace

void bounce_failed(Vcpu& vcpu, uint64_t handler, uint64_t stack) {
    crash_domain(vcpu, "double fault: no frame for the handler at %lx can be written at stack %lx", handler, stack);
}

void inject_trap(CpuLocal& cpu, Vcpu& vcpu, unsigned vector) { inject_inline<BounceWords::plain>(cpu, vcpu, vector); }

void inject_trap(CpuLocal& cpu, Vcpu& vcpu, unsigned vector, uint32_t error_code) {
    inject_inline<BounceWords::error_code>(cpu, vcpu, vector, error_code);
}

void inject_failsafe(CpuLocal& cpu, Vcpu& vcpu) {
    bounce_to_callback<BounceWords::failsafe>(cpu, vcpu, vcpu.cpu.failsafe_callback);
}

bool map_ldt_on_demand(Vcpu& vcpu, uint64_t address) {
    WindowAddress place = window_address(address);
    return place.window == vcpu.cpu.window && place.offset >= layout::vcpu_window_ldt_offset &&
           vcpu.cpu.map_ldt_page(vcpu.domain.mmu, place.offset - static_cast<unsigned>(layout::vcpu_window_ldt_offset));
}

uint32_t handle_unusual_page_fault(CpuLocal& cpu, Vcpu& vcpu, uint64_t address) {
    if (address - layout::core_start < layout::core_end - layout::core_start)
        fault_in_core_range(cpu, vcpu, address);
    else if (!is_settled(emulate_page_table_write(cpu, vcpu, GuestVirt(address))))
        inject_page_fault(cpu, vcpu, address, cpu.frame.error_code);
    return leave(cpu, vcpu, load_registers);
}

void handle_general_protection(CpuLocal& cpu, Vcpu& vcpu) {
    using namespace selector_error;
    uint32_t error_code = cpu.frame.error_code;
    bool by_gate = (error_code & (external | interrupt_gate)) == interrupt_gate;
    if (by_gate && software_interrupt(cpu, vcpu)) return;
    Status executed = by_gate || error_code ? Status(Error::not_supported) : execute_instruction(cpu, vcpu);
    if (is_settled(executed)) return;
    bool is_undefined = executed.error() == Error::not_found || executed.error() == Error::no_device;
    if (is_undefined) return inject_trap(cpu, vcpu, vector::invalid_opcode);
    inject_trap(cpu, vcpu, vector::general_protection, cpu.frame.error_code);
}

void handle_invalid_opcode(CpuLocal& cpu, Vcpu& vcpu) {
    // ud2a followed by "xen": XEN_EMULATE_PREFIX of <xen/arch-x86/xen.h>; and CPUID.
    constexpr uint8_t by_prefix[] = {0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2};
    InstructionBytes code = fetch_instruction(cpu.frame);
    if (code.count < sizeof(by_prefix) || memcmp(code.bytes, by_prefix, sizeof(by_prefix)) != 0)
        return inject_trap(cpu, vcpu, vector::invalid_opcode);
    execute_cpuid(cpu, vcpu, true);
    step_over(cpu, vcpu, sizeof(by_prefix));
}

} // namespace skerry
