// SPDX-License-Identifier: MIT
#include "traps/instruction.h"

#include <string.h>

namespace skerry {
namespace {

// Takes bytes from the front; once there are too few, `failed` stays set and zeros come.
class Reader {
  public:
    Reader(const InstructionBytes& code, bool long_mode) : code_(code), long_mode_(long_mode) {}

    uint8_t byte() {
        if (position_ >= code_.count || position_ >= max_instruction_length) {
            failed = true;
            return 0;
        }
        return code_.bytes[position_++];
    }
    // Sign-extended, as nearly all immediates are.
    uint64_t immediate(unsigned bytes) {
        uint64_t value = 0;
        for (unsigned i = 0; i < bytes; ++i) value |= uint64_t{byte()} << (8 * i);
        unsigned unused = 64 - 8 * bytes;
        return bytes == 8 ? value : static_cast<uint64_t>(static_cast<int64_t>(value << unused) >> unused);
    }
    uint8_t length() const { return static_cast<uint8_t>(position_); }

    // Prefixes and REX; returns the first opcode byte.
    uint8_t prefixes(DecodedPrefixes& prefixes) {
        for (;;) {
            uint8_t next = byte();
            switch (next) {
            case 0x66: prefixes.operand_size = true; break;
            case 0x67: prefixes.address_size = true; break;
            case 0xf0: prefixes.lock = true; break;
            case 0xf2:
            case 0xf3: prefixes.repeat = next; break;
            case 0x26:
            case 0x2e:
            case 0x36:
            case 0x3e:
            case 0x64:
            case 0x65: prefixes.segment = next; break;
            default:
                if (!long_mode_ || (next & 0xf0) != 0x40) return next;
                prefixes.rex = next; // counts only right before the opcode
                next = byte();
                if (is_prefix(next)) {
                    prefixes.rex = 0;
                    --position_;
                    break;
                }
                return next;
            }
            if (failed) return 0;
        }
    }

    // The ModRM byte, past SIB and displacement.
    struct ModRm {
        bool is_memory;
        uint8_t reg; // with REX.R
        uint8_t rm;  // with REX.B; meaningful if not memory
    };
    ModRm mod_rm(const DecodedPrefixes& prefixes) {
        uint8_t value = byte();
        uint8_t mod = value >> 6, rm = value & 7;
        ModRm result{mod != 3, static_cast<uint8_t>((value >> 3 & 7) | (prefixes.rex & 4) << 1),
                     static_cast<uint8_t>(rm | (prefixes.rex & 1) << 3)};
        if (!result.is_memory) return result;
        unsigned displacement = mod == 1 ? 1 : mod == 2 ? 4 : 0;
        if (!long_mode_ && prefixes.address_size) { // 16-bit addressing
            displacement = mod == 2 ? 2 : mod == 0 && rm == 6 ? 2 : displacement;
            if (displacement) (void)immediate(displacement);
            return result;
        }
        if (rm == 4) {
            uint8_t sib = byte();
            if (mod == 0 && (sib & 7) == 5) displacement = 4;
        } else if (mod == 0 && rm == 5) {
            displacement = 4;
        }
        if (displacement) (void)immediate(displacement);
        return result;
    }

    bool failed = false;

  private:
    bool is_prefix(uint8_t value) const {
        switch (value) {
        case 0x66:
        case 0x67:
        case 0xf0:
        case 0xf2:
        case 0xf3:
        case 0x26:
        case 0x2e:
        case 0x36:
        case 0x3e:
        case 0x64:
        case 0x65: return true;
        default: return (value & 0xf0) == 0x40;
        }
    }

    const InstructionBytes& code_;
    const bool long_mode_;
    unsigned position_ = 0;
};

uint8_t operand_bytes(const DecodedPrefixes& prefixes, bool byte_form) {
    return byte_form ? 1 : prefixes.rex_w() ? 8 : prefixes.operand_size ? 2 : 4;
}

// An immediate of the operand's size, four bytes at most.
uint64_t operand_immediate(Reader& reader, uint8_t bytes) { return reader.immediate(bytes > 4 ? 4 : bytes); }

constexpr WriteOperation arithmetic[8] = {WriteOperation::add,
                                          WriteOperation::or_,
                                          WriteOperation::add /* adc: refused */,
                                          WriteOperation::sub /* sbb: refused */,
                                          WriteOperation::and_,
                                          WriteOperation::sub,
                                          WriteOperation::xor_,
                                          WriteOperation::sub /* cmp */};
constexpr bool is_plain_arithmetic(unsigned index) { return index != 2 && index != 3 && index != 7; }

struct WriteDecoder {
    Reader& reader;
    const DecodedPrefixes& prefixes;
    MemoryWrite write{};

    // `reg, r/m` forms.
    bool from_register(WriteOperation operation, bool byte_form) {
        Reader::ModRm operand = reader.mod_rm(prefixes);
        write.operation = operation;
        write.bytes = operand_bytes(prefixes, byte_form);
        write.high_byte = byte_form && !prefixes.rex && operand.reg >= 4 && operand.reg < 8;
        write.register_number = static_cast<uint8_t>(write.high_byte ? operand.reg - 4 : operand.reg);
        return operand.is_memory;
    }
    // `imm, r/m` forms; `immediate_bytes` 0: as large as the operand.
    bool from_immediate(WriteOperation operation, bool byte_form, bool short_immediate) {
        write.operation = operation;
        write.bytes = operand_bytes(prefixes, byte_form);
        write.from_immediate = true;
        write.immediate = short_immediate ? reader.immediate(1) : operand_immediate(reader, write.bytes);
        return true;
    }
    bool group1(bool byte_form, bool short_immediate) {
        Reader::ModRm operand = reader.mod_rm(prefixes);
        unsigned index = operand.reg & 7;
        return operand.is_memory && is_plain_arithmetic(index) &&
               from_immediate(arithmetic[index], byte_form, short_immediate);
    }
    bool bits(WriteOperation operation) {
        // A register's bit number reaches beyond the operand: only within it. It is checked when executed.
        return from_register(operation, false);
    }
    bool two_byte(uint8_t opcode) {
        switch (opcode) {
        case 0xb0: return from_register(WriteOperation::compare_exchange, true);
        case 0xb1: return from_register(WriteOperation::compare_exchange, false);
        case 0xc0: return from_register(WriteOperation::exchange_add, true);
        case 0xc1: return from_register(WriteOperation::exchange_add, false);
        case 0xc3: return from_register(WriteOperation::move, false); // movnti
        case 0xab: return bits(WriteOperation::bit_set);
        case 0xb3: return bits(WriteOperation::bit_reset);
        case 0xbb: return bits(WriteOperation::bit_complement);
        case 0xba: {
            Reader::ModRm operand = reader.mod_rm(prefixes);
            constexpr WriteOperation operations[] = {WriteOperation::bit_set, WriteOperation::bit_reset,
                                                     WriteOperation::bit_complement};
            unsigned index = operand.reg & 7;
            return operand.is_memory && index >= 5 && from_immediate(operations[index - 5], false, true);
        }
        default: return false;
        }
    }
    bool one_byte(uint8_t opcode) {
        if (opcode < 0x40 && (opcode & 7) < 2 && is_plain_arithmetic(opcode >> 3))
            return from_register(arithmetic[opcode >> 3], !(opcode & 1));
        switch (opcode) {
        case 0x80: return group1(true, true);
        case 0x81: return group1(false, false);
        case 0x83: return group1(false, true);
        case 0x86: return from_register(WriteOperation::exchange, true);
        case 0x87: return from_register(WriteOperation::exchange, false);
        case 0x88: return from_register(WriteOperation::move, true);
        case 0x89: return from_register(WriteOperation::move, false);
        case 0xaa:
        case 0xab:
            write.operation = WriteOperation::store_string;
            write.bytes = operand_bytes(prefixes, opcode == 0xaa);
            return !prefixes.address_size && prefixes.repeat != 0xf2;
        case 0xc6:
        case 0xc7: {
            Reader::ModRm operand = reader.mod_rm(prefixes);
            return operand.is_memory && (operand.reg & 7) == 0 &&
                   from_immediate(WriteOperation::move, opcode == 0xc6, false);
        }
        default: return false;
        }
    }
};

} // namespace

std::optional<MemoryWrite> decode_memory_write(const InstructionBytes& code, bool long_mode) {
    DecodedPrefixes prefixes;
    Reader reader(code, long_mode);
    uint8_t opcode = reader.prefixes(prefixes);
    WriteDecoder decoder{reader, prefixes};
    bool known = opcode == 0x0f ? decoder.two_byte(reader.byte()) : decoder.one_byte(opcode);
    bool is_string = decoder.write.operation == WriteOperation::store_string;
    if (!known || reader.failed || (prefixes.repeat && !is_string)) return std::nullopt;
    // A repeated string store is executed once here, and once more by the guest for each further element.
    decoder.write.length = is_string && prefixes.repeat ? 0 : reader.length();
    return decoder.write;
}

namespace {

struct PrivilegedDecoder {
    Reader& reader;
    const DecodedPrefixes& prefixes;
    bool long_mode;
    PrivilegedInstruction result{};

    bool is(PrivilegedOperation operation) {
        result.operation = operation;
        return true;
    }
    bool port(PrivilegedOperation operation, bool byte_form, bool in_dx) {
        result.bytes = byte_form ? 1 : prefixes.operand_size ? 2 : 4;
        result.port_in_dx = in_dx;
        if (!in_dx) result.port = reader.byte();
        return is(operation);
    }
    bool string(PrivilegedOperation operation, bool byte_form) {
        result.repeated = prefixes.repeat != 0;
        result.address_bytes = long_mode && !prefixes.address_size ? 8 : 4;
        result.segment = prefixes.segment;
        return port(operation, byte_form, true);
    }
    bool special(PrivilegedOperation operation) {
        // Always the register form: the CPU ignores the mode bits.
        uint8_t value = reader.byte();
        result.special_register = static_cast<uint8_t>((value >> 3 & 7) | (prefixes.rex & 4) << 1);
        result.register_number = static_cast<uint8_t>((value & 7) | (prefixes.rex & 1) << 3);
        return is(operation);
    }
    bool group7() {
        Reader::ModRm operand = reader.mod_rm(prefixes);
        unsigned index = operand.reg & 7;
        if (operand.is_memory) return index == 7 && is(PrivilegedOperation::invalidate_page);
        result.register_number = operand.rm;
        if (index == 2) return (operand.rm & 7) == 1 && is(PrivilegedOperation::set_extended_control);
        if (index == 6) return is(PrivilegedOperation::load_machine_status);
        if (index == 7) return (operand.rm & 7) == 1 && is(PrivilegedOperation::read_tsc_and_cpu);
        return false;
    }
    bool two_byte(uint8_t opcode) {
        switch (opcode) {
        case 0x01: return group7();
        case 0x06: return is(PrivilegedOperation::clear_task_switched);
        case 0x08: // invd, which would lose data: as wbinvd
        case 0x09: return is(PrivilegedOperation::write_back_caches);
        case 0x20: return special(PrivilegedOperation::read_control);
        case 0x21: return special(PrivilegedOperation::read_debug);
        case 0x22: return special(PrivilegedOperation::write_control);
        case 0x23: return special(PrivilegedOperation::write_debug);
        case 0x30: return is(PrivilegedOperation::write_msr);
        case 0x31: return is(PrivilegedOperation::read_tsc);
        case 0x32: return is(PrivilegedOperation::read_msr);
        case 0xa2: return is(PrivilegedOperation::cpuid);
        default: return false;
        }
    }
    bool one_byte(uint8_t opcode) {
        switch (opcode) {
        case 0x6c:
        case 0x6d: return string(PrivilegedOperation::in_string, opcode == 0x6c);
        case 0x6e:
        case 0x6f: return string(PrivilegedOperation::out_string, opcode == 0x6e);
        case 0xe4:
        case 0xe5: return port(PrivilegedOperation::in, opcode == 0xe4, false);
        case 0xe6:
        case 0xe7: return port(PrivilegedOperation::out, opcode == 0xe6, false);
        case 0xec:
        case 0xed: return port(PrivilegedOperation::in, opcode == 0xec, true);
        case 0xee:
        case 0xef: return port(PrivilegedOperation::out, opcode == 0xee, true);
        case 0xf4: return is(PrivilegedOperation::halt);
        case 0xfa: return is(PrivilegedOperation::clear_interrupt);
        case 0xfb: return is(PrivilegedOperation::set_interrupt);
        default: return false;
        }
    }
};

} // namespace

std::optional<PrivilegedInstruction> decode_privileged(const InstructionBytes& code, bool long_mode) {
    DecodedPrefixes prefixes;
    Reader reader(code, long_mode);
    uint8_t opcode = reader.prefixes(prefixes);
    PrivilegedDecoder decoder{reader, prefixes, long_mode};
    bool known = opcode == 0x0f ? decoder.two_byte(reader.byte()) : decoder.one_byte(opcode);
    if (!known || reader.failed || prefixes.lock) return std::nullopt;
    decoder.result.length = reader.length();
    return decoder.result;
}

uint64_t& general_register(RegisterFrame& frame, unsigned number) {
    switch (number & 15) {
    case 0: return frame.rax;
    case 1: return frame.rcx;
    case 2: return frame.rdx;
    case 3: return frame.rbx;
    case 4: return frame.rsp;
    case 5: return frame.rbp;
    case 6: return frame.rsi;
    case 7: return frame.rdi;
    case 8: return frame.r8;
    case 9: return frame.r9;
    case 10: return frame.r10;
    case 11: return frame.r11;
    case 12: return frame.r12;
    case 13: return frame.r13;
    case 14: return frame.r14;
    default: return frame.r15;
    }
}

void write_register(RegisterFrame& frame, unsigned number, uint64_t value, unsigned bytes, bool high_byte) {
    uint64_t& to = general_register(frame, number);
    switch (bytes) {
    case 1:
        to = high_byte ? (to & ~uint64_t{0xff00}) | (value & 0xff) << 8 : (to & ~uint64_t{0xff}) | (value & 0xff);
        break;
    case 2: to = (to & ~uint64_t{0xffff}) | (value & 0xffff); break;
    case 4: to = static_cast<uint32_t>(value); break;
    default: to = value;
    }
}

uint64_t read_register(const RegisterFrame& frame, unsigned number, unsigned bytes, bool high_byte) {
    uint64_t value = general_register(const_cast<RegisterFrame&>(frame), number);
    if (high_byte) value >>= 8;
    return bytes == 8 ? value : value & ((uint64_t{1} << (8 * bytes)) - 1);
}

} // namespace skerry
