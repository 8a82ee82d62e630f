// SPDX-License-Identifier: MIT
// The decoder: what it knows it reads exactly, what it does not know it refuses, and no bytes make it misbehave.
#include "traps/instruction.h"

#include <gtest/gtest.h>
#include <random>

using namespace skerry;

namespace {

InstructionBytes code(std::initializer_list<uint8_t> bytes) {
    InstructionBytes result{};
    for (uint8_t byte : bytes) result.bytes[result.count++] = byte;
    return result;
}

Instruction decoded(std::initializer_list<uint8_t> bytes, bool long_mode) {
    Result<Instruction> result = decode(code(bytes), long_mode);
    EXPECT_TRUE(result.ok());
    EXPECT_EQ(result.value().length, bytes.size());
    return result.value();
}

Instruction write_of(std::initializer_list<uint8_t> bytes) {
    Instruction write = decoded(bytes, true);
    EXPECT_TRUE(is_memory_write(write.operation));
    return write;
}

Instruction privileged(std::initializer_list<uint8_t> bytes, bool long_mode = true) {
    Instruction result = decoded(bytes, long_mode);
    EXPECT_FALSE(is_memory_write(result.operation));
    return result;
}

bool is_known(std::initializer_list<uint8_t> bytes) { return decode(code(bytes), true).ok(); }

} // namespace

TEST(MemoryWriteDecoder, MovesOfEachWidth) {
    Instruction write = write_of({0x48, 0x89, 0x07}); // mov %rax,(%rdi)
    EXPECT_EQ(write.operation, Operation::move);
    EXPECT_EQ(write.bytes, 8);
    EXPECT_EQ(write.register_number, 0);
    write = write_of({0x4c, 0x89, 0x84, 0xd1, 0x00, 0x10, 0x00, 0x00}); // mov %r8,0x1000(%rcx,%rdx,8)
    EXPECT_EQ(write.register_number, 8);
    EXPECT_EQ(write.bytes, 8);
    EXPECT_EQ(write_of({0x89, 0x0e}).bytes, 4);           // mov %ecx,(%rsi)
    EXPECT_EQ(write_of({0x66, 0x89, 0x0e}).bytes, 2);     // mov %cx,(%rsi)
    EXPECT_EQ(write_of({0x88, 0x0e}).bytes, 1);           // mov %cl,(%rsi)
    EXPECT_EQ(write_of({0x88, 0x26}).register_number, 0); // mov %ah,(%rsi)
    EXPECT_TRUE(write_of({0x88, 0x26}).high_byte);
    EXPECT_FALSE(write_of({0x40, 0x88, 0x26}).high_byte); // mov %spl,(%rsi)
    EXPECT_EQ(write_of({0x40, 0x88, 0x26}).register_number, 4);
}

TEST(MemoryWriteDecoder, ImmediatesAreSignExtended) {
    Instruction write = write_of({0x48, 0xc7, 0x07, 0xff, 0xff, 0xff, 0xff}); // movq $-1,(%rdi)
    EXPECT_TRUE(write.has_immediate);
    EXPECT_EQ(write.immediate, ~uint64_t{0});
    write = write_of({0x48, 0xc7, 0x05, 1, 2, 3, 4, 0x67, 0, 0, 0}); // movq $0x67,disp(%rip)
    EXPECT_EQ(write.immediate, 0x67u);
    write = write_of({0x48, 0x83, 0x20, 0xfd}); // andq $-3,(%rax)
    EXPECT_EQ(write.operation, Operation::and_);
    EXPECT_EQ(write.immediate, static_cast<uint64_t>(-3));
    write = write_of({0x66, 0xc7, 0x00, 0x34, 0x12}); // movw $0x1234,(%rax)
    EXPECT_EQ(write.immediate, 0x1234u);
}

TEST(MemoryWriteDecoder, AtomicOperations) {
    EXPECT_EQ(write_of({0xf0, 0x48, 0x0f, 0xb1, 0x0f}).operation, Operation::compare_exchange);
    EXPECT_EQ(write_of({0x48, 0x87, 0x03}).operation, Operation::exchange);
    EXPECT_EQ(write_of({0xf0, 0x48, 0x0f, 0xc1, 0x03}).operation, Operation::exchange_add);
    EXPECT_EQ(write_of({0xf0, 0x48, 0x09, 0x03}).operation, Operation::or_);
    EXPECT_EQ(write_of({0xf0, 0x48, 0x21, 0x03}).operation, Operation::and_);
    Instruction bit = write_of({0xf0, 0x48, 0x0f, 0xba, 0x33, 0x01}); // lock btrq $1,(%rbx)
    EXPECT_EQ(bit.operation, Operation::bit_reset);
    EXPECT_EQ(bit.immediate, 1u);
}

TEST(MemoryWriteDecoder, StringStore) {
    Instruction write = write_of({0x48, 0xab});
    EXPECT_EQ(write.operation, Operation::store_string);
    EXPECT_EQ(write.bytes, 8);
    EXPECT_FALSE(write.repeated);
    EXPECT_TRUE(write_of({0xf3, 0x48, 0xab}).repeated); // the guest goes on by itself
    EXPECT_FALSE(is_known({0xf2, 0x48, 0xab}));
    EXPECT_FALSE(is_known({0x67, 0x48, 0xab}));
}

TEST(MemoryWriteDecoder, RefusesWhatItDoesNotKnow) {
    EXPECT_FALSE(is_known({0x48, 0x8b, 0x07}));             // a load
    EXPECT_FALSE(is_known({0x48, 0x89, 0xc7}));             // register to register
    EXPECT_FALSE(is_known({0x0f, 0x29, 0x07}));             // movaps
    EXPECT_FALSE(is_known({0x48, 0x39, 0x07}));             // cmp
    EXPECT_FALSE(is_known({0x48, 0xc7, 0x07, 0xff, 0xff})); // cut short
    EXPECT_FALSE(is_known({}));
}

TEST(MemoryWriteDecoder, AnyBytesAreSafe) {
    std::mt19937_64 random(1);
    for (int i = 0; i < 300000; ++i) {
        InstructionBytes bytes{};
        bytes.count = static_cast<unsigned>(random() % 16);
        for (uint8_t& byte : bytes.bytes) byte = static_cast<uint8_t>(random());
        if (i % 3 == 0) bytes.bytes[0] = 0x0f;
        bool long_mode = random() % 2;
        Result<Instruction> result = decode(bytes, long_mode);
        if (!result.ok()) continue;
        Instruction one = result.value();
        EXPECT_GE(one.length, 1);
        EXPECT_LE(one.length, bytes.count);
        EXPECT_TRUE(one.bytes == 1 || one.bytes == 2 || one.bytes == 4 || one.bytes == 8);
        EXPECT_LT(one.register_number, 16);
        EXPECT_LT(one.special_register, 16);
    }
}

TEST(PrivilegedDecoder, Ports) {
    Instruction in = privileged({0xec});
    EXPECT_EQ(in.operation, Operation::in);
    EXPECT_EQ(in.bytes, 1);
    EXPECT_FALSE(in.has_immediate);
    EXPECT_EQ(privileged({0x66, 0xef}).bytes, 2);
    EXPECT_EQ(privileged({0xef}).bytes, 4);
    EXPECT_EQ(privileged({0xe6, 0x80}).immediate, 0x80);
    Instruction string = privileged({0xf3, 0x66, 0x6d});
    EXPECT_EQ(string.operation, Operation::in_string);
    EXPECT_TRUE(string.repeated);
    EXPECT_EQ(string.bytes, 2);
    EXPECT_EQ(string.address_bytes, 8);
    EXPECT_EQ(privileged({0x6f}, false).address_bytes, 4);
}

TEST(PrivilegedDecoder, ControlAndDebugRegisters) {
    Instruction read = privileged({0x0f, 0x20, 0xe0}); // mov %cr4,%rax
    EXPECT_EQ(read.operation, Operation::read_control);
    EXPECT_EQ(read.special_register, 4);
    EXPECT_EQ(read.register_number, 0);
    Instruction write = privileged({0x41, 0x0f, 0x22, 0xda}); // mov %r10,%cr3
    EXPECT_EQ(write.special_register, 3);
    EXPECT_EQ(write.register_number, 10);
    EXPECT_EQ(privileged({0x0f, 0x23, 0xf8}).special_register, 7); // mov %rax,%dr7
}

TEST(MemoryWriteDecoder, OneOpcodeForSeveralOperations) {
    using enum Operation;
    constexpr Operation arithmetic[] = {add, or_, add_with_carry, sub_with_borrow, and_, sub, xor_};
    for (uint8_t i = 0; i < 7; ++i) {
        auto modrm = static_cast<uint8_t>(7 | i << 3); // (%rdi)
        EXPECT_EQ(write_of({0x48, 0x83, modrm, 1}).operation, arithmetic[i]);
        EXPECT_EQ(write_of({0x80, modrm, 1}).operation, arithmetic[i]);
        EXPECT_EQ(write_of({0x81, modrm, 1, 0, 0, 0}).operation, arithmetic[i]);
        EXPECT_EQ(write_of({static_cast<uint8_t>(1 | i << 3), 0x07}).operation, arithmetic[i]);
    }
    EXPECT_FALSE(is_known({0x48, 0x83, 0x3f, 1})); // cmp
    EXPECT_EQ(write_of({0xff, 0x07}).operation, increment);
    EXPECT_EQ(write_of({0xfe, 0x0f}).operation, decrement);
    EXPECT_FALSE(is_known({0xff, 0x17}));          // call
    EXPECT_FALSE(is_known({0x0f, 0xba, 0x27, 1})); // bt
    EXPECT_EQ(write_of({0x0f, 0xba, 0x2f, 1}).operation, bit_set);
    EXPECT_EQ(write_of({0x0f, 0xba, 0x37, 1}).operation, bit_reset);
    EXPECT_EQ(write_of({0x0f, 0xba, 0x3f, 1}).operation, bit_complement);
    EXPECT_EQ(write_of({0xf3, 0x48, 0xa5}).operation, move_string);
}

TEST(PrivilegedDecoder, TheRest) {
    EXPECT_EQ(privileged({0x0f, 0xa2}).operation, Operation::cpuid);
    EXPECT_EQ(privileged({0x0f, 0x30}).operation, Operation::write_msr);
    EXPECT_EQ(privileged({0x0f, 0x32}).operation, Operation::read_msr);
    EXPECT_EQ(privileged({0x0f, 0x06}).operation, Operation::clear_task_switched);
    EXPECT_EQ(privileged({0x0f, 0x01, 0xd1}).operation, Operation::set_extended_control);
    EXPECT_FALSE(is_known({0x0f, 0x01, 0x3f}));       // invlpg
    EXPECT_TRUE(is_known({0x44, 0x0f, 0x20, 0xc0}));  // mov %cr8,%rax: a register, though none of a guest
    EXPECT_FALSE(is_known({0xf0, 0x0f, 0x20, 0xc0})); // lock mov %cr0,%rax
    EXPECT_EQ(privileged({0x0f, 0x01, 0xf9}).operation, Operation::read_tsc_and_cpu);
    EXPECT_EQ(privileged({0xf4}).operation, Operation::halt);
    EXPECT_EQ(privileged({0xfa}).operation, Operation::clear_interrupt);
    EXPECT_FALSE(is_known({0x0f, 0x01, 0xf8})); // swapgs
    EXPECT_FALSE(is_known({0x0f, 0x01, 0xd9})); // vmmcall
    EXPECT_FALSE(is_known({0xf0, 0xf4}));       // lock hlt
    EXPECT_FALSE(is_known({0x48, 0x66}));       // cut short
}

TEST(Registers, PartialWrites) {
    RegisterFrame frame{};
    frame.rbx = ~uint64_t{0};
    write_register(frame, 3, 0, 1);
    EXPECT_EQ(frame.rbx, 0xffffffffffffff00u);
    write_register(frame, 3, 0, 1, true);
    EXPECT_EQ(frame.rbx, 0xffffffffffff0000u);
    write_register(frame, 3, 0x1234, 2);
    EXPECT_EQ(frame.rbx, 0xffffffffffff1234u);
    EXPECT_EQ(read_register(frame, 3, 1, true), 0x12u);
    write_register(frame, 3, 5, 4);
    EXPECT_EQ(frame.rbx, 5u);
    for (unsigned i = 0; i < 16; ++i) general_register(frame, i) = i;
    EXPECT_EQ(frame.rsp, 4u);
    EXPECT_EQ(frame.rdi, 7u);
    EXPECT_EQ(frame.r15, 15u);
}
