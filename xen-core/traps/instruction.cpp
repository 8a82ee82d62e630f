// SPDX-License-Identifier: MIT
#include "traps/instruction.h"

#include <array>

namespace skerry {
namespace {

// --- the table -----------------------------------------------------------------------------------------------------

// What follows the opcode. From `registers` on, a ModRM byte; from `memory` on, its rm field names memory.
enum class Form : uint8_t {
    plain,            // nothing
    port,             // the number of a port
    registers,        // a general register in rm, whatever the mode bits say; a control or debug register in reg
    memory,           // and a general register in reg
    memory_immediate, // and an immediate as large as the operand, 4 bytes at most
    memory_byte,      // and an immediate byte
};
using enum Form;
using enum Operation;

// What ModRM has to be, `first` or one of the `count` - 1 that follow: the byte, or its reg field alone, which then
// selects among as many operations, in the order of their enum.
struct ModRmRule {
    uint8_t first = 0, count = 0; // 0: anything
    bool is_of_reg = false;
};
constexpr ModRmRule group(uint8_t first, uint8_t count = 1) { return {first, count, true}; }
constexpr ModRmRule exactly(uint8_t value) { return {value, 1}; }

constexpr bool sized = true; // the opcode less one is the same for bytes
constexpr bool fixed = false;

struct Encoding {
    uint16_t opcode; // 0x0fxx: two bytes
    bool has_byte_form;
    Operation operation;
    Form form = plain;
    ModRmRule rule = {};

    constexpr bool is_for(unsigned code) const { return code == opcode || (has_byte_form && code == opcode - 1u); }
    constexpr unsigned place_in_group(uint8_t modrm) const {
        return rule.count ? (rule.is_of_reg ? modrm >> 3 & 7u : modrm) - rule.first : 0;
    }
    constexpr bool accepts(uint8_t modrm) const { return !rule.count || place_in_group(modrm) < rule.count; }
};

// Those of one opcode stand together.
constexpr Encoding encodings[] = {
    {0x01, sized, add, memory},
    {0x09, sized, or_, memory},
    {0x11, sized, add_with_carry, memory},
    {0x19, sized, sub_with_borrow, memory},
    {0x21, sized, and_, memory},
    {0x29, sized, sub, memory},
    {0x31, sized, xor_, memory},
    {0x6d, sized, in_string},
    {0x6f, sized, out_string},
    {0x81, sized, add, memory_immediate, group(0, 7)},
    {0x83, fixed, add, memory_byte, group(0, 7)},
    {0x87, sized, exchange, memory},
    {0x89, sized, move, memory},
    {0xa5, sized, move_string},
    {0xab, sized, store_string},
    {0xc7, sized, move, memory_immediate, group(0)},
    {0xe5, sized, in, port},
    {0xe7, sized, out, port},
    {0xed, sized, in},
    {0xef, sized, out},
    {0xf4, fixed, halt},
    {0xfa, fixed, clear_interrupt},
    {0xfb, fixed, set_interrupt},
    {0xff, sized, increment, memory, group(0, 2)},
    {0x0f01, fixed, set_extended_control, registers, exactly(0xd1)},
    {0x0f01, fixed, read_tsc_and_cpu, registers, exactly(0xf9)},
    {0x0f06, fixed, clear_task_switched},
    {0x0f09, fixed, write_back_caches},
    {0x0f20, fixed, read_control, registers},
    {0x0f21, fixed, read_debug, registers},
    {0x0f22, fixed, write_control, registers},
    {0x0f23, fixed, write_debug, registers},
    {0x0f30, fixed, write_msr},
    {0x0f31, fixed, read_tsc},
    {0x0f32, fixed, read_msr},
    {0x0fa2, fixed, cpuid},
    {0x0fab, fixed, bit_set, memory},
    {0x0fb1, sized, compare_exchange, memory},
    {0x0fb3, fixed, bit_reset, memory},
    {0x0fba, fixed, bit_set, memory_byte, group(5, 3)},
    {0x0fbb, fixed, bit_complement, memory},
    {0x0fc1, sized, exchange_add, memory},
    {0x0fc3, fixed, move, memory}, // movnti
};
constexpr unsigned encoding_count = std::size(encodings);

// Where an opcode's encodings begin; encoding_count: there are none.
constexpr unsigned index_of(unsigned opcode) { return opcode & 0x1ff; }
constexpr auto first_encodings = [] {
    std::array<uint8_t, 0x200> first;
    first.fill(encoding_count);
    for (unsigned i = encoding_count; i-- > 0;) {
        first[index_of(encodings[i].opcode)] = static_cast<uint8_t>(i);
        if (encodings[i].has_byte_form) first[index_of(encodings[i].opcode - 1u)] = static_cast<uint8_t>(i);
    }
    return first;
}();

const Encoding* find_encoding(unsigned opcode, uint8_t modrm) {
    for (unsigned i = first_encodings[index_of(opcode)]; i < encoding_count && encodings[i].is_for(opcode); ++i)
        if (encodings[i].accepts(modrm)) return &encodings[i];
    return nullptr;
}

// --- reading an instruction ----------------------------------------------------------------------------------------

struct Prefixes {
    bool operand_size = false; // 66
    bool address_size = false; // 67
    bool lock = false;
    uint8_t repeat = 0;  // F2, F3 or 0
    uint8_t segment = 0; // the override byte, or 0
    uint8_t rex = 0;     // counts only right before the opcode

    // False: the byte is none.
    bool take(uint8_t byte, bool long_mode) {
        bool is_rex = long_mode && (byte & 0xf0) == 0x40;
        switch (byte) {
        case 0x66: operand_size = true; break;
        case 0x67: address_size = true; break;
        case 0xf0: lock = true; break;
        case 0xf2 ... 0xf3: repeat = byte; break;
        case 0x26:
        case 0x2e:
        case 0x36:
        case 0x3e:
        case 0x64 ... 0x65: segment = byte; break; // es, cs, ss, ds, fs, gs
        default:
            if (!is_rex) return false;
        }
        rex = is_rex ? byte : 0;
        return true;
    }
};

// Takes bytes from the front; once there are too few, `failed` stays set and zeros come.
struct Reader {
    const InstructionBytes& code;
    unsigned position = 0;
    bool failed = false;

    uint8_t byte() {
        if (position < code.count) return code.bytes[position++];
        failed = true;
        return 0;
    }
    // Of 1, 2 or 4 bytes; sign-extended.
    uint64_t immediate(unsigned bytes) {
        uint64_t value = 0;
        for (unsigned i = 0; i < bytes; ++i) value |= uint64_t{byte()} << (8 * i);
        unsigned unused = 64 - 8 * bytes;
        return static_cast<uint64_t>(static_cast<int64_t>(value << unused) >> unused);
    }
    // SIB and displacement of a memory operand.
    void skip_address(uint8_t modrm, bool in_16_bits) {
        unsigned mode = modrm >> 6, base = modrm & 7;
        if (!in_16_bits && base == 4) base = byte() & 7;
        bool has_no_base = mode == 0 && base == (in_16_bits ? 6 : 5);
        unsigned displacement = mode == 1 ? 1 : mode == 2 || has_no_base ? (in_16_bits ? 2 : 4) : 0;
        while (displacement-- > 0) (void)byte();
    }
};

} // namespace

Result<Instruction> decode(const InstructionBytes& code, bool long_mode) {
    Reader reader{code};
    Prefixes prefixes;
    unsigned opcode;
    do opcode = reader.byte();
    while (prefixes.take(static_cast<uint8_t>(opcode), long_mode));
    if (opcode == 0x0f) opcode = 0x0f00 | reader.byte();
    uint8_t modrm = code.bytes[reader.position]; // if the encoding has one
    const Encoding* encoding = find_encoding(opcode, modrm);
    if (!encoding) return Error::not_supported;

    auto operation =
        static_cast<Operation>(static_cast<unsigned>(encoding->operation) + encoding->place_in_group(modrm));
    Form form = encoding->form;
    bool is_write = is_memory_write(operation), is_string_write = operation == store_string || operation == move_string;
    bool names_special = operation >= read_control && operation <= write_debug;
    if (names_special && (prefixes.lock || (prefixes.rex & 4 && operation >= read_debug))) return Error::not_found;
    if (is_write ? prefixes.repeat && !is_string_write : prefixes.lock) return Error::not_supported;
    if (is_string_write && (prefixes.address_size || prefixes.repeat == 0xf2)) return Error::not_supported;
    bool byte_form = encoding->has_byte_form && !(opcode & 1);
    uint8_t bytes = prefixes.operand_size ? 2 : 4;
    if (is_write && (prefixes.rex & 8)) bytes = 8;
    if (byte_form) bytes = 1;
    Instruction result{.operation = operation,
                       .bytes = bytes,
                       .address_bytes = static_cast<uint8_t>(long_mode && !prefixes.address_size ? 8 : 4),
                       .segment = prefixes.segment,
                       .repeated = prefixes.repeat != 0,
                       .has_immediate = form == port || form >= memory_immediate};
    auto reg = static_cast<uint8_t>((modrm >> 3 & 7) | (prefixes.rex & 4) << 1);
    auto rm = static_cast<uint8_t>((modrm & 7) | (prefixes.rex & 1) << 3);
    if (form >= registers) (void)reader.byte();
    if (form == registers) {
        result.register_number = rm;
        result.special_register = reg;
    } else if (form >= memory) {
        if (modrm >> 6 == 3) return Error::not_supported;
        reader.skip_address(modrm, !long_mode && prefixes.address_size);
        result.high_byte = byte_form && !prefixes.rex && reg >= 4;
        result.register_number = static_cast<uint8_t>(result.high_byte ? reg - 4 : reg);
    }
    if (form == port) result.immediate = reader.byte();
    if (form == memory_byte) result.immediate = reader.immediate(1);
    if (form == memory_immediate) result.immediate = reader.immediate(std::min<unsigned>(bytes, 4));
    if (reader.failed) return Error::not_supported;
    result.length = static_cast<uint8_t>(reader.position);
    return result;
}

// --- arithmetic, flags included (Intel SDM volume 1, 3.4.3.1) ------------------------------------------------------

Computed compute(Operation operation, unsigned bytes, uint64_t old, uint64_t operand, uint64_t accumulator,
                 uint64_t rflags) {
    constexpr uint64_t carry = 1 << 0, parity = 1 << 2, adjust = 1 << 4, zero = 1 << 6, sign = 1 << 7,
                       overflow = 1 << 11, status_flags = carry | parity | adjust | zero | sign | overflow;
    unsigned top = bytes * 8 - 1;
    uint64_t mask = ~uint64_t{0} >> (63 - top);
    old &= mask;
    operand &= mask;
    if (!reads_memory(operation)) return {operand, rflags};
    uint64_t bit = uint64_t{1} << (operand & top);
    // `carries`: out of each bit (of a subtraction, borrows).
    auto with_flags = [&](uint64_t value, uint64_t carries) -> Computed {
        value &= mask;
        uint64_t flags = rflags & ~status_flags;
        if (carries >> top & 1) flags |= carry;
        if (__builtin_parity(static_cast<unsigned>(value & 0xff)) == 0) flags |= parity;
        if (carries >> 3 & 1) flags |= adjust;
        if (value == 0) flags |= zero;
        if (value >> top & 1) flags |= sign;
        if ((carries >> top ^ carries >> (top - 1)) & 1) flags |= overflow;
        return {value, flags};
    };
    auto add_up = [&](uint64_t b, uint64_t carried) {
        uint64_t sum = old + b + carried;
        return with_flags(sum, (old & b) | ((old | b) & ~sum));
    };
    auto subtract = [&](uint64_t a, uint64_t b, uint64_t borrowed) {
        uint64_t difference = a - b - borrowed;
        return with_flags(difference, (~a & b) | (~(a ^ b) & difference));
    };
    auto but_carry = [&](Computed result) -> Computed {
        return {result.value, (result.rflags & ~carry) | (rflags & carry)};
    };
    auto with_bit = [&](uint64_t value) -> Computed { return {value, (rflags & ~carry) | (old & bit ? carry : 0)}; };
    switch (operation) {
    case add:
    case exchange_add: return add_up(operand, 0);
    case add_with_carry: return add_up(operand, rflags & carry);
    case sub: return subtract(old, operand, 0);
    case sub_with_borrow: return subtract(old, operand, rflags & carry);
    case increment: return but_carry(add_up(1, 0));
    case decrement: return but_carry(subtract(old, 1, 0));
    case or_: return with_flags(old | operand, 0);
    case and_: return with_flags(old & operand, 0);
    case xor_: return with_flags(old ^ operand, 0);
    case bit_set: return with_bit(old | bit);
    case bit_reset: return with_bit(old & ~bit);
    case bit_complement: return with_bit(old ^ bit);
    case compare_exchange: {
        uint64_t flags = subtract(accumulator & mask, old, 0).rflags;
        return {flags & zero ? operand : old, flags};
    }
    default: return {old, rflags}; // writes nothing
    }
}

// --- registers -----------------------------------------------------------------------------------------------------

uint64_t& general_register(RegisterFrame& frame, unsigned number) {
    using Frame = RegisterFrame;
    static constexpr uint64_t Frame::*registers[16] = {
        &Frame::rax, &Frame::rcx, &Frame::rdx, &Frame::rbx, &Frame::rsp, &Frame::rbp, &Frame::rsi, &Frame::rdi,
        &Frame::r8,  &Frame::r9,  &Frame::r10, &Frame::r11, &Frame::r12, &Frame::r13, &Frame::r14, &Frame::r15};
    return frame.*registers[number & 15];
}

void write_register(RegisterFrame& frame, unsigned number, uint64_t value, unsigned bytes, bool high_byte) {
    uint64_t& to = general_register(frame, number);
    uint64_t mask = bytes >= 4 ? ~uint64_t{0} : (uint64_t{1} << 8 * bytes) - 1;
    unsigned shift = high_byte ? 8 : 0;
    if (bytes == 4) value = static_cast<uint32_t>(value);
    to = (to & ~(mask << shift)) | (value & mask) << shift;
}

uint64_t read_register(const RegisterFrame& frame, unsigned number, unsigned bytes, bool high_byte) {
    uint64_t value = general_register(const_cast<RegisterFrame&>(frame), number);
    if (high_byte) value >>= 8;
    return bytes == 8 ? value : value & ((uint64_t{1} << (8 * bytes)) - 1);
}

} // namespace skerry
