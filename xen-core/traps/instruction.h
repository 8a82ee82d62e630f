// SPDX-License-Identifier: MIT
// A small x86 decoder: the instructions that xen-core executes on behalf of a guest, and nothing else. Pure: bytes and
// registers in, a description out; no memory is touched. Encodings from the Intel SDM volume 2.
//
// Hostile input: the bytes are whatever the guest had at rip at some moment. A description is always safe to execute:
// lengths are 1..15, sizes are 1, 2, 4 or 8, and register numbers below 16.
#pragma once

#include "arch/x86_64/register_frame.h"
#include "base/result.h"

namespace skerry {

inline constexpr unsigned max_instruction_length = 15;

// What was fetched at rip, as much as could be read; the array is two words, which are read at once.
struct InstructionBytes {
    alignas(uint64_t) uint8_t bytes[16];
    unsigned count; // at most max_instruction_length
};

enum class Operation : uint8_t {
    // Writes to memory: to page tables, which a guest's kernel sees read-only.
    move,
    exchange,
    compare_exchange,
    // As the reg field of ModRM numbers them where one opcode stands for several.
    add,
    or_,
    add_with_carry,
    sub_with_borrow,
    and_,
    sub,
    xor_,
    increment,
    decrement,
    exchange_add,
    bit_set,
    bit_reset,
    bit_complement,
    move_string,
    store_string,
    // What the guest's user mode may do too, if its kernel lets it.
    in,
    out,
    in_string,
    out_string,
    clear_interrupt,
    set_interrupt,
    cpuid,
    // What only ring 0 may do.
    halt,
    clear_task_switched,
    write_back_caches,
    read_control,
    write_control,
    read_debug,
    write_debug,
    read_msr,
    write_msr,
    read_tsc,
    read_tsc_and_cpu,
    set_extended_control,
};
constexpr bool is_memory_write(Operation operation) { return operation <= Operation::store_string; }
constexpr bool is_for_users(Operation operation) {
    return operation > Operation::store_string && operation < Operation::halt;
}
// What the write does depends on what is there.
constexpr bool reads_memory(Operation operation) {
    return operation > Operation::exchange && operation < Operation::move_string;
}

// A memory operand's address is not computed: it is the faulting one.
struct Instruction {
    Operation operation;
    uint8_t length = 0;
    uint8_t bytes = 0;            // of the operand: 1, 2, 4, 8
    uint8_t address_bytes = 0;    // of string forms: 4 or 8
    uint8_t segment = 0;          // the override byte, or 0
    bool repeated = false;        // string forms
    bool has_immediate = false;   // else the operand is in the register; a port in dx
    bool high_byte = false;       // the register is AH, CH, DH, BH
    uint8_t register_number = 0;  // general register
    uint8_t special_register = 0; // control or debug register
    uint64_t immediate = 0;       // sign-extended, or the port
};
// Errors: not_supported (another instruction, or one that was not read to its end); not_found (a control or debug
// register that there is not, or by LOCK: #UD).
Result<Instruction> decode(const InstructionBytes& code, bool long_mode);

// What a write makes of the old value in memory and its operand, both of `bytes` bytes.
struct Computed {
    uint64_t value;
    uint64_t rflags;
};
// `accumulator`: rax, for compare_exchange.
Computed compute(Operation operation, unsigned bytes, uint64_t old, uint64_t operand, uint64_t accumulator,
                 uint64_t rflags);

// By number as instructions encode them (0 rax, 1 rcx, 2 rdx, 3 rbx, 4 rsp ... 15 r15).
uint64_t& general_register(RegisterFrame& frame, unsigned number);
// Writes `bytes` bytes as an instruction does: 4 bytes clear the upper half, 1 and 2 keep the rest.
void write_register(RegisterFrame& frame, unsigned number, uint64_t value, unsigned bytes, bool high_byte = false);
uint64_t read_register(const RegisterFrame& frame, unsigned number, unsigned bytes, bool high_byte = false);

} // namespace skerry
