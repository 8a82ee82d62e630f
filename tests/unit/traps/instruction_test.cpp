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

MemoryWrite write_of(std::initializer_list<uint8_t> bytes) {
    std::optional<MemoryWrite> write = decode_memory_write(code(bytes), true);
    EXPECT_TRUE(write.has_value());
    EXPECT_EQ(write ? write->length : 0, bytes.size());
    return write.value_or(MemoryWrite{});
}

PrivilegedInstruction privileged(std::initializer_list<uint8_t> bytes, bool long_mode = true) {
    std::optional<PrivilegedInstruction> result = decode_privileged(code(bytes), long_mode);
    EXPECT_TRUE(result.has_value());
    EXPECT_EQ(result ? result->length : 0, bytes.size());
    return result.value_or(PrivilegedInstruction{});
}

} // namespace

TEST(MemoryWriteDecoder, MovesOfEachWidth) {
    MemoryWrite write = write_of({0x48, 0x89, 0x07}); // mov %rax,(%rdi)
    EXPECT_EQ(write.operation, WriteOperation::move);
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
    MemoryWrite write = write_of({0x48, 0xc7, 0x07, 0xff, 0xff, 0xff, 0xff}); // movq $-1,(%rdi)
    EXPECT_TRUE(write.from_immediate);
    EXPECT_EQ(write.immediate, ~uint64_t{0});
    write = write_of({0x48, 0xc7, 0x05, 1, 2, 3, 4, 0x67, 0, 0, 0}); // movq $0x67,disp(%rip)
    EXPECT_EQ(write.immediate, 0x67u);
    write = write_of({0x48, 0x83, 0x20, 0xfd}); // andq $-3,(%rax)
    EXPECT_EQ(write.operation, WriteOperation::and_);
    EXPECT_EQ(write.immediate, static_cast<uint64_t>(-3));
    write = write_of({0x66, 0xc7, 0x00, 0x34, 0x12}); // movw $0x1234,(%rax)
    EXPECT_EQ(write.immediate, 0x1234u);
}

TEST(MemoryWriteDecoder, AtomicOperations) {
    EXPECT_EQ(write_of({0xf0, 0x48, 0x0f, 0xb1, 0x0f}).operation, WriteOperation::compare_exchange);
    EXPECT_EQ(write_of({0x48, 0x87, 0x03}).operation, WriteOperation::exchange);
    EXPECT_EQ(write_of({0xf0, 0x48, 0x0f, 0xc1, 0x03}).operation, WriteOperation::exchange_add);
    EXPECT_EQ(write_of({0xf0, 0x48, 0x09, 0x03}).operation, WriteOperation::or_);
    EXPECT_EQ(write_of({0xf0, 0x48, 0x21, 0x03}).operation, WriteOperation::and_);
    MemoryWrite bit = write_of({0xf0, 0x48, 0x0f, 0xba, 0x33, 0x01}); // lock btrq $1,(%rbx)
    EXPECT_EQ(bit.operation, WriteOperation::bit_reset);
    EXPECT_EQ(bit.immediate, 1u);
}

TEST(MemoryWriteDecoder, StringStore) {
    MemoryWrite write = write_of({0x48, 0xab});
    EXPECT_EQ(write.operation, WriteOperation::store_string);
    EXPECT_EQ(write.bytes, 8);
    std::optional<MemoryWrite> repeated = decode_memory_write(code({0xf3, 0x48, 0xab}), true);
    ASSERT_TRUE(repeated.has_value());
    EXPECT_EQ(repeated->length, 0); // the guest goes on by itself
}

TEST(MemoryWriteDecoder, RefusesWhatItDoesNotKnow) {
    EXPECT_FALSE(decode_memory_write(code({0x48, 0x8b, 0x07}), true));             // a load
    EXPECT_FALSE(decode_memory_write(code({0x48, 0x89, 0xc7}), true));             // register to register
    EXPECT_FALSE(decode_memory_write(code({0x0f, 0x29, 0x07}), true));             // movaps
    EXPECT_FALSE(decode_memory_write(code({0x48, 0x11, 0x07}), true));             // adc
    EXPECT_FALSE(decode_memory_write(code({0x48, 0x39, 0x07}), true));             // cmp
    EXPECT_FALSE(decode_memory_write(code({0x48, 0xc7, 0x07, 0xff, 0xff}), true)); // cut short
    EXPECT_FALSE(decode_memory_write(code({}), true));
}

TEST(MemoryWriteDecoder, AnyBytesAreSafe) {
    std::mt19937_64 random(1);
    for (int i = 0; i < 300000; ++i) {
        InstructionBytes bytes{};
        bytes.count = static_cast<unsigned>(random() % 16);
        for (uint8_t& byte : bytes.bytes) byte = static_cast<uint8_t>(random());
        if (i % 3 == 0) bytes.bytes[0] = 0x0f;
        bool long_mode = random() % 2;
        if (std::optional<MemoryWrite> write = decode_memory_write(bytes, long_mode)) {
            EXPECT_LE(write->length, bytes.count);
            EXPECT_TRUE(write->bytes == 1 || write->bytes == 2 || write->bytes == 4 || write->bytes == 8);
            EXPECT_LT(write->register_number, 16);
        }
        if (std::optional<PrivilegedInstruction> one = decode_privileged(bytes, long_mode)) {
            EXPECT_GE(one->length, 1);
            EXPECT_LE(one->length, bytes.count);
            EXPECT_LT(one->register_number, 16);
            EXPECT_LT(one->special_register, 16);
        }
    }
}

TEST(PrivilegedDecoder, Ports) {
    PrivilegedInstruction in = privileged({0xec});
    EXPECT_EQ(in.operation, PrivilegedOperation::in);
    EXPECT_EQ(in.bytes, 1);
    EXPECT_TRUE(in.port_in_dx);
    EXPECT_EQ(privileged({0x66, 0xef}).bytes, 2);
    EXPECT_EQ(privileged({0xef}).bytes, 4);
    EXPECT_EQ(privileged({0xe6, 0x80}).port, 0x80);
    PrivilegedInstruction string = privileged({0xf3, 0x66, 0x6d});
    EXPECT_EQ(string.operation, PrivilegedOperation::in_string);
    EXPECT_TRUE(string.repeated);
    EXPECT_EQ(string.bytes, 2);
    EXPECT_EQ(string.address_bytes, 8);
    EXPECT_EQ(privileged({0x6f}, false).address_bytes, 4);
}

TEST(PrivilegedDecoder, ControlAndDebugRegisters) {
    PrivilegedInstruction read = privileged({0x0f, 0x20, 0xe0}); // mov %cr4,%rax
    EXPECT_EQ(read.operation, PrivilegedOperation::read_control);
    EXPECT_EQ(read.special_register, 4);
    EXPECT_EQ(read.register_number, 0);
    PrivilegedInstruction write = privileged({0x41, 0x0f, 0x22, 0xda}); // mov %r10,%cr3
    EXPECT_EQ(write.special_register, 3);
    EXPECT_EQ(write.register_number, 10);
    EXPECT_EQ(privileged({0x44, 0x0f, 0x20, 0xc0}).special_register, 8); // mov %cr8,%rax
    EXPECT_EQ(privileged({0x0f, 0x23, 0xf8}).special_register, 7);       // mov %rax,%dr7
}

TEST(PrivilegedDecoder, TheRest) {
    EXPECT_EQ(privileged({0x0f, 0xa2}).operation, PrivilegedOperation::cpuid);
    EXPECT_EQ(privileged({0x0f, 0x30}).operation, PrivilegedOperation::write_msr);
    EXPECT_EQ(privileged({0x0f, 0x32}).operation, PrivilegedOperation::read_msr);
    EXPECT_EQ(privileged({0x0f, 0x06}).operation, PrivilegedOperation::clear_task_switched);
    EXPECT_EQ(privileged({0x0f, 0x01, 0xd1}).operation, PrivilegedOperation::set_extended_control);
    EXPECT_EQ(privileged({0x0f, 0x01, 0x3f}).operation, PrivilegedOperation::invalidate_page);
    EXPECT_EQ(privileged({0x0f, 0x01, 0xf9}).operation, PrivilegedOperation::read_tsc_and_cpu);
    EXPECT_EQ(privileged({0xf4}).operation, PrivilegedOperation::halt);
    EXPECT_EQ(privileged({0xfa}).operation, PrivilegedOperation::clear_interrupt);
    EXPECT_FALSE(decode_privileged(code({0x0f, 0x01, 0xf8}), true)); // swapgs
    EXPECT_FALSE(decode_privileged(code({0x0f, 0x01, 0xd9}), true)); // vmmcall
    EXPECT_FALSE(decode_privileged(code({0xf0, 0xf4}), true));       // lock hlt
    EXPECT_FALSE(decode_privileged(code({0x48, 0x66}), true));       // cut short
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
