// SPDX-License-Identifier: MIT
// A small x86 decoder: the instructions that xen-core executes on behalf of a guest, and nothing else. Pure: bytes and
// registers in, a description out; no memory is touched. Encodings from the Intel SDM volume 2.
//
// Hostile input: the bytes are whatever the guest had at rip at some moment. A description is always safe to execute:
// lengths are 1..15, sizes are 1, 2, 4 or 8, and register numbers below 16.
#pragma once

#include "arch/x86_64/register_frame.h"
#include "base/types.h"

#include <optional>

namespace skerry {

inline constexpr unsigned max_instruction_length = 15;

// What was fetched at rip, as much as could be read.
struct InstructionBytes {
    uint8_t bytes[max_instruction_length];
    unsigned count;
};

struct DecodedPrefixes {
    bool operand_size = false; // 66
    bool address_size = false; // 67
    bool lock = false;
    uint8_t repeat = 0;  // F2, F3 or 0
    uint8_t segment = 0; // the override byte, or 0
    uint8_t rex = 0;

    bool rex_w() const { return rex & 8; }
};

// --- writes to page tables -----------------------------------------------------------------------------------------

enum class WriteOperation : uint8_t {
    move,
    exchange,
    compare_exchange,
    add,
    or_,
    and_,
    sub,
    xor_,
    exchange_add,
    bit_set,
    bit_reset,
    bit_complement,
    store_string
};

// A write of `bytes` bytes to the one memory operand. The operand's address is the faulting one: it is not computed.
struct MemoryWrite {
    WriteOperation operation;
    uint8_t bytes;       // 1, 2, 4, 8
    uint8_t length;      // of the instruction
    bool from_immediate; // else from the register
    bool high_byte;      // the register is AH, CH, DH, BH (number - 4)
    uint8_t register_number;
    uint64_t immediate;
};
// Nothing: another instruction, or one that was not read to its end.
std::optional<MemoryWrite> decode_memory_write(const InstructionBytes& code, bool long_mode);

// What an operation makes of the old value in memory and its operand, both of `bytes` bytes.
struct Computed {
    uint64_t value;
    uint64_t rflags;
};
// `accumulator`: rax, for compare_exchange. Not for move, exchange and store_string, which need no old value.
Computed compute(WriteOperation operation, unsigned bytes, uint64_t old, uint64_t operand, uint64_t accumulator,
                 uint64_t rflags);

// --- privileged instructions ---------------------------------------------------------------------------------------

enum class PrivilegedOperation : uint8_t {
    in,
    out,
    in_string,
    out_string,
    clear_interrupt,
    set_interrupt,
    halt,
    clear_task_switched,
    write_back_caches,
    read_control,
    write_control,
    read_debug,
    write_debug,
    load_machine_status,
    invalidate_page,
    read_msr,
    write_msr,
    read_tsc,
    read_tsc_and_cpu,
    cpuid,
    set_extended_control,
};

struct PrivilegedInstruction {
    PrivilegedOperation operation;
    uint8_t length;
    uint8_t bytes;   // in, out and their string forms: 1, 2, 4
    bool port_in_dx; // else `port`
    uint8_t port;
    bool repeated;            // string forms
    uint8_t address_bytes;    // string forms: 4 or 8
    uint8_t segment;          // outs: the override byte, or 0
    uint8_t register_number;  // general register of a move or lmsw
    uint8_t special_register; // control or debug register
};
std::optional<PrivilegedInstruction> decode_privileged(const InstructionBytes& code, bool long_mode);

// --- registers -----------------------------------------------------------------------------------------------------

// By number as instructions encode them (0 rax, 1 rcx, 2 rdx, 3 rbx, 4 rsp ... 15 r15).
uint64_t& general_register(RegisterFrame& frame, unsigned number);
// Writes `bytes` bytes as an instruction does: 4 bytes clear the upper half, 1 and 2 keep the rest.
void write_register(RegisterFrame& frame, unsigned number, uint64_t value, unsigned bytes, bool high_byte = false);
uint64_t read_register(const RegisterFrame& frame, unsigned number, unsigned bytes, bool high_byte = false);

} // namespace skerry
