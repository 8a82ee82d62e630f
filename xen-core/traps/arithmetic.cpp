// SPDX-License-Identifier: MIT
// The arithmetic of the instructions that write to memory, flags included (Intel SDM volume 1, 3.4.3.1).
#include "traps/instruction.h"

namespace skerry {
namespace {

constexpr uint64_t carry = 1 << 0, parity = 1 << 2, adjust = 1 << 4, zero = 1 << 6, sign = 1 << 7, overflow = 1 << 11;
constexpr uint64_t status_flags = carry | parity | adjust | zero | sign | overflow;

struct Width {
    unsigned bits;
    uint64_t mask() const { return bits == 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1; }
    bool is_negative(uint64_t value) const { return value >> (bits - 1) & 1; }
};

uint64_t flags_of_result(Width width, uint64_t value) {
    uint64_t flags = 0;
    if (!value) flags |= zero;
    if (width.is_negative(value)) flags |= sign;
    if (__builtin_parity(static_cast<unsigned>(value & 0xff)) == 0) flags |= parity;
    return flags;
}

Computed add(Width width, uint64_t a, uint64_t b, uint64_t rflags) {
    uint64_t value = (a + b) & width.mask();
    uint64_t flags = flags_of_result(width, value);
    if (value < a) flags |= carry;
    if (width.is_negative((a ^ value) & (b ^ value))) flags |= overflow;
    if ((a ^ b ^ value) & 0x10) flags |= adjust;
    return {value, (rflags & ~status_flags) | flags};
}

Computed subtract(Width width, uint64_t a, uint64_t b, uint64_t rflags) {
    uint64_t value = (a - b) & width.mask();
    uint64_t flags = flags_of_result(width, value);
    if (a < b) flags |= carry;
    if (width.is_negative((a ^ b) & (a ^ value))) flags |= overflow;
    if ((a ^ b ^ value) & 0x10) flags |= adjust;
    return {value, (rflags & ~status_flags) | flags};
}

Computed logic(Width width, uint64_t value, uint64_t rflags) {
    return {value, (rflags & ~status_flags) | flags_of_result(width, value)};
}

} // namespace

Computed compute(WriteOperation operation, unsigned bytes, uint64_t old, uint64_t operand, uint64_t accumulator,
                 uint64_t rflags) {
    Width width{bytes * 8};
    old &= width.mask();
    operand &= width.mask();
    uint64_t bit = uint64_t{1} << (operand % width.bits);
    uint64_t bit_flags = (rflags & ~carry) | (old & bit ? carry : 0);
    switch (operation) {
    case WriteOperation::add:
    case WriteOperation::exchange_add: return add(width, old, operand, rflags);
    case WriteOperation::sub: return subtract(width, old, operand, rflags);
    case WriteOperation::or_: return logic(width, old | operand, rflags);
    case WriteOperation::and_: return logic(width, old & operand, rflags);
    case WriteOperation::xor_: return logic(width, old ^ operand, rflags);
    case WriteOperation::bit_set: return {old | bit, bit_flags};
    case WriteOperation::bit_reset: return {old & ~bit, bit_flags};
    case WriteOperation::bit_complement: return {old ^ bit, bit_flags};
    case WriteOperation::compare_exchange: {
        uint64_t flags = subtract(width, accumulator & width.mask(), old, rflags).rflags;
        return {flags & zero ? operand : old, flags};
    }
    case WriteOperation::move:
    case WriteOperation::exchange:
    case WriteOperation::store_string: break;
    }
    return {operand, rflags};
}

} // namespace skerry
