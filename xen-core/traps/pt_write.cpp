// SPDX-License-Identifier: MIT
#include "traps/pt_write.h"

#include "arch/x86_64/direct_map.h"
#include "arch/x86_64/guest_access.h"
#include "domain/domain.h"
#include "traps/bounce.h"
#include "traps/fetch.h"
#include "traps/instruction.h"
#include "traps/vectors.h"

namespace skerry {
namespace {

Mfn current_root(const PvCpuState& state) {
    return frame_of(MachAddr(state.in_kernel ? state.kernel_cr3 : state.user_cr3));
}

// The mapping is read-only for the guest, but it can be read.
bool read_old(uint64_t& value, GuestVirt address, unsigned bytes) {
    value = 0;
    return copy_from_guest(&value, address, bytes).ok();
}

bool needs_old(WriteOperation operation) {
    return operation != WriteOperation::move && operation != WriteOperation::exchange &&
           operation != WriteOperation::store_string;
}

// A bit number in a register may reach outside of the operand; such an access did not fault where we believe.
bool is_bit_operation(WriteOperation operation) {
    return operation == WriteOperation::bit_set || operation == WriteOperation::bit_reset ||
           operation == WriteOperation::bit_complement;
}

void finish_registers(RegisterFrame& frame, const MemoryWrite& write, uint64_t old, const Computed& computed) {
    frame.rflags = computed.rflags;
    switch (write.operation) {
    case WriteOperation::exchange:
    case WriteOperation::exchange_add:
        write_register(frame, write.register_number, old, write.bytes, write.high_byte);
        break;
    case WriteOperation::compare_exchange:
        if (read_register(frame, 0, write.bytes) != old) write_register(frame, 0, old, write.bytes);
        break;
    case WriteOperation::store_string: {
        bool down = frame.rflags & rflags::direction;
        frame.rdi += down ? uint64_t{0} - write.bytes : write.bytes;
        if (!write.length) --frame.rcx;
        break;
    }
    default: break;
    }
}

} // namespace

PtWriteOutcome emulate_page_table_write(CpuLocal& cpu, Vcpu& vcpu, GuestVirt address) {
    RegisterFrame& frame = cpu.frame;
    std::optional<MemoryWrite> decoded = decode_memory_write(fetch_instruction(frame), is_long_mode(frame));
    if (!decoded || address.value % 8 + decoded->bytes > 8) return PtWriteOutcome::not_ours;
    const MemoryWrite& write = *decoded;
    bool is_string = write.operation == WriteOperation::store_string;
    if (is_string && (frame.rdi != address.value || (!write.length && !frame.rcx))) return PtWriteOutcome::not_ours;
    uint64_t operand = write.from_immediate ? write.immediate
                       : is_string          ? read_register(frame, 0, write.bytes)
                                            : read_register(frame, write.register_number, write.bytes, write.high_byte);
    if (is_bit_operation(write.operation) && !write.from_immediate && operand >= write.bytes * 8u)
        return PtWriteOutcome::not_ours;

    uint64_t old = 0;
    if (needs_old(write.operation) && !read_old(old, address, write.bytes)) return PtWriteOutcome::not_ours;
    Computed computed = compute(write.operation, write.bytes, old, operand, frame.rax, frame.rflags);
    PtWrite request{.address = address,
                    .bytes = write.bytes,
                    .value = computed.value,
                    .expected = old,
                    .compares = needs_old(write.operation)};
    WorkBudget budget;
    Result<uint64_t> before = vcpu.domain.mmu.emulate_pt_write(current_root(vcpu.cpu), request, budget);
    if (!before.ok()) return before.error() == Error::restart ? PtWriteOutcome::retry : PtWriteOutcome::not_ours;
    if (request.compares && before.value() != old) return PtWriteOutcome::retry; // somebody else was faster
    finish_registers(frame, write, before.value(), computed);
    step_over(cpu, vcpu, write.length);
    return PtWriteOutcome::done;
}

} // namespace skerry
