// SPDX-License-Identifier: MIT
// Emulated arithmetic against the machine's own.
#include "traps/instruction.h"

#include <gtest/gtest.h>
#include <random>

using namespace skerry;

namespace {

constexpr uint64_t compared = 0x8c5;              // OF SF ZF PF CF
constexpr uint64_t with_adjust = compared | 0x10; // and AF, which logic leaves undefined

struct NativeResult {
    uint64_t value, flags;
};

#define RUN(type, instruction)                                                                                         \
    [](uint64_t old, uint64_t operand, uint64_t) {                                                                     \
        type value = static_cast<type>(old);                                                                           \
        type source = static_cast<type>(operand);                                                                      \
        uint64_t flags;                                                                                                \
        asm volatile(instruction " %2, %0\n\tpushfq\n\tpopq %1" : "+m"(value), "=r"(flags) : "r"(source) : "cc");      \
        return NativeResult{value, flags};                                                                             \
    }

using Native = NativeResult (*)(uint64_t, uint64_t, uint64_t);

void compare(Operation operation, unsigned bytes, Native native, uint64_t mask, uint64_t before = 0x202) {
    std::mt19937_64 random(bytes);
    uint64_t interesting[] = {0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0x7fffffff, 0x80000000, ~uint64_t{0}, 1ull << 63};
    for (int i = 0; i < 20000; ++i) {
        uint64_t old = i % 2 ? random() : interesting[random() % 11];
        uint64_t operand = i % 3 ? random() : interesting[random() % 11];
        uint64_t width = bytes == 8 ? ~uint64_t{0} : (uint64_t{1} << bytes * 8) - 1;
        NativeResult expected = native(old & width, operand & width, 0);
        Computed computed = compute(operation, bytes, old, operand, 0, before);
        ASSERT_EQ(computed.value, expected.value);
        ASSERT_EQ(computed.rflags & mask, expected.flags & mask) << std::hex << old << " " << operand << " " << bytes;
        ASSERT_EQ(computed.rflags & 0x202, 0x202u);
    }
}

} // namespace

TEST(Arithmetic, AgreesWithTheMachine) {
    compare(Operation::add, 8, RUN(uint64_t, "addq"), with_adjust);
    compare(Operation::add, 4, RUN(uint32_t, "addl"), with_adjust);
    compare(Operation::add, 1, RUN(uint8_t, "addb"), with_adjust);
    compare(Operation::sub, 8, RUN(uint64_t, "subq"), with_adjust);
    compare(Operation::sub, 2, RUN(uint16_t, "subw"), with_adjust);
    compare(Operation::and_, 8, RUN(uint64_t, "andq"), compared);
    compare(Operation::or_, 4, RUN(uint32_t, "orl"), compared);
    compare(Operation::xor_, 1, RUN(uint8_t, "xorb"), compared);
    for (uint64_t before : {0x202, 0x203}) { // without and with a carry
        bool carry = before & 1;
        compare(Operation::add_with_carry, 8, carry ? RUN(uint64_t, "stc; adcq") : RUN(uint64_t, "clc; adcq"),
                with_adjust, before);
        compare(Operation::sub_with_borrow, 4, carry ? RUN(uint32_t, "stc; sbbl") : RUN(uint32_t, "clc; sbbl"),
                with_adjust, before);
        // The second operand is a comment.
        compare(Operation::increment, 2, carry ? RUN(uint16_t, "stc; incw %0 #") : RUN(uint16_t, "clc; incw %0 #"),
                with_adjust, before);
        compare(Operation::decrement, 8, carry ? RUN(uint64_t, "stc; decq %0 #") : RUN(uint64_t, "clc; decq %0 #"),
                with_adjust, before);
    }
}

TEST(Arithmetic, CompareExchange) {
    Computed equal = compute(Operation::compare_exchange, 8, 5, 9, 5, 0);
    EXPECT_EQ(equal.value, 9u);
    EXPECT_TRUE(equal.rflags & 0x40);
    Computed different = compute(Operation::compare_exchange, 8, 6, 9, 5, 0);
    EXPECT_EQ(different.value, 6u);
    EXPECT_FALSE(different.rflags & 0x40);
    EXPECT_TRUE(different.rflags & 1);
    // Only the operand's width counts.
    EXPECT_EQ(compute(Operation::compare_exchange, 4, 5, 9, 0xffffffff00000005, 0).value, 9u);
}

TEST(Arithmetic, Bits) {
    Computed reset = compute(Operation::bit_reset, 8, 0x67, 1, 0, 0);
    EXPECT_EQ(reset.value, 0x65u);
    EXPECT_TRUE(reset.rflags & 1);
    EXPECT_EQ(compute(Operation::bit_set, 8, 0, 63, 0, 1).value, uint64_t{1} << 63);
    EXPECT_FALSE(compute(Operation::bit_set, 8, 0, 63, 0, 1).rflags & 1);
}
