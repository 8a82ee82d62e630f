// SPDX-License-Identifier: MIT
#include "minios/debug/registers.h"
#include "minios/debug/watchpoints.h"

#include <gtest/gtest.h>

namespace minios::debug {
namespace {

struct Thread {
    ExceptionFrame frame{};
    FxState fx{};
    RegisterFile file{};

    Thread() {
        frame.rip = 0x7d0000;
        frame.rsp = 0x800000000;
        frame.cs = 0x100000000e030; // the event mask stands above it
        frame.ss = 0xe02b;
        frame.rflags = 0x246;
        frame.r15 = 15;
        fx.control = 0x37f;
        fx.status = 6 << 11; // two registers in use
        fx.tags = 0xc0;
        fx.st[1][7] = 0x80; // one: 1.0
        fx.st[1][8] = 0xff;
        fx.st[1][9] = 0x3f;
        fx.mxcsr = 0x1f80;
        fx.mxcsr_mask = 0xffff;
        for (unsigned i = 0; i < 16; ++i) fx.xmm[i][0] = static_cast<std::uint8_t>(i);
    }
    void read() { read_registers(frame, fx, file); }
};

TEST(GdbRegisters, PlacesAreThoseOfGdb) {
    EXPECT_EQ(offset_of_register(rip), 128u);
    EXPECT_EQ(offset_of_register(st0), 164u);
    EXPECT_EQ(offset_of_register(xmm0), 276u);
    EXPECT_EQ(offset_of_register(mxcsr), 532u);
    EXPECT_EQ(offset_of_register(fs_base), 536u);
    EXPECT_EQ(mxcsr, 56u);
}

TEST(GdbRegisters, ThereAndBack) {
    Thread thread;
    thread.read();
    EXPECT_EQ(thread.file.get(rip), 0x7d0000u);
    EXPECT_EQ(thread.file.get(cs), 0xe030u);
    EXPECT_EQ(thread.file.get(r15), 15u);
    EXPECT_EQ(thread.file.get(xmm0 + 9), 9u);
    EXPECT_EQ(thread.file.get(ftag), 0x1fffu) << "of the two in use st(0) is zero, st(1) valid, the others empty";
    const ExceptionFrame frame = thread.frame;
    const FxState fx = thread.fx;
    ASSERT_TRUE(write_registers(thread.file, thread.frame, thread.fx));
    EXPECT_EQ(std::memcmp(&frame, &thread.frame, sizeof frame), 0);
    EXPECT_EQ(std::memcmp(&fx, &thread.fx, sizeof fx), 0);
}

TEST(GdbRegisters, WhatIsNotTheProgramsStays) {
    for (const unsigned number : {cs, ss, ds, es, fs, gs}) {
        Thread thread;
        thread.read();
        thread.file.set(number, thread.file.get(number) ^ 8);
        thread.file.set(rax, 1);
        EXPECT_FALSE(write_registers(thread.file, thread.frame, thread.fx)) << number;
        EXPECT_EQ(thread.frame.rax, 0u) << "nothing changed";
    }
    for (const unsigned bit : {8u, 9u, 12u, 17u}) { // TF, IF, IOPL, VM
        Thread thread;
        thread.read();
        thread.file.set(eflags, thread.file.get(eflags) ^ 1u << bit);
        EXPECT_FALSE(write_registers(thread.file, thread.frame, thread.fx)) << bit;
    }
    Thread thread;
    thread.read();
    thread.file.set(eflags, 0x246 ^ 0x8c1); // CF ZF SF OF
    thread.file.set(mxcsr, 0xffff1f80);     // FXRSTOR would fault
    EXPECT_TRUE(write_registers(thread.file, thread.frame, thread.fx));
    EXPECT_EQ(thread.frame.rflags, 0x246u ^ 0x8c1);
    EXPECT_EQ(thread.fx.mxcsr, 0x1f80u);
}

TEST(GdbRegisters, OfAThreadThatIsSwitchedOut) {
    const std::uint64_t saved[8] = {0x37f00001f80, 15, 14, 13, 12, 3, 6, 0x7d1234};
    RegisterFile file;
    read_switched_out(saved, 0x800000000, file);
    EXPECT_EQ(file.get(r15), 15u);
    EXPECT_EQ(file.get(r12), 12u);
    EXPECT_EQ(file.get(rbx), 3u);
    EXPECT_EQ(file.get(rbp), 6u);
    EXPECT_EQ(file.get(rip), 0x7d1234u);
    EXPECT_EQ(file.get(rsp), 0x800000040u);
    EXPECT_FALSE(file.knows(rax));
    EXPECT_FALSE(file.knows(xmm0));
}

using target::Set;
using target::Stopper;

TEST(GdbWatchpoints, ControlBits) {
    DebugRegisters registers;
    EXPECT_EQ(registers.control(), 0u);
    ASSERT_EQ(registers.set(Stopper::write_watchpoint, 0x1000, 8), Set::done);
    EXPECT_EQ(registers.control(), 0x90001u);
    ASSERT_EQ(registers.set(Stopper::access_watchpoint, 0x2002, 2), Set::done);
    EXPECT_EQ(registers.control(), 0x790005u);
    ASSERT_EQ(registers.set(Stopper::hardware_breakpoint, 0x7d0003, 9), Set::done);
    EXPECT_EQ(registers.control(), 0x790015u);
    EXPECT_TRUE(registers.clear(Stopper::write_watchpoint, 0x1000, 8));
    EXPECT_FALSE(registers.clear(Stopper::write_watchpoint, 0x1000, 8));
    EXPECT_EQ(registers.control(), 0x700014u);
}

TEST(GdbWatchpoints, LargePiecesTakeSeveral) {
    DebugRegisters registers;
    ASSERT_EQ(registers.set(Stopper::write_watchpoint, 0x1003, 13), Set::done); // 1, 4, 8
    EXPECT_FALSE(registers.used(3));
    EXPECT_EQ(registers.set(Stopper::write_watchpoint, 0x2000, 16), Set::no_room);
    EXPECT_FALSE(registers.used(3)) << "nothing changed";
    EXPECT_TRUE(registers.clear(Stopper::write_watchpoint, 0x1003, 13));
    EXPECT_EQ(registers.control(), 0u);
    EXPECT_EQ(registers.set(Stopper::write_watchpoint, 0x1000, 33), Set::no_room);
    EXPECT_EQ(registers.set(Stopper::write_watchpoint, 0x1000, 32), Set::done);
}

TEST(GdbWatchpoints, OnlyTheProgramsOwnAddresses) {
    DebugRegisters registers;
    EXPECT_EQ(registers.set(Stopper::write_watchpoint, 0xffff830000000000, 8), Set::impossible);
    EXPECT_EQ(registers.set(Stopper::write_watchpoint, (1ull << 47) - 4, 8), Set::impossible);
    EXPECT_EQ(registers.set(Stopper::write_watchpoint, ~0ull, 8), Set::impossible);
    EXPECT_EQ(registers.set(Stopper::write_watchpoint, 0x1000, ~0ull), Set::impossible);
    EXPECT_EQ(registers.set(Stopper::write_watchpoint, 0x1000, 0), Set::impossible);
    EXPECT_EQ(registers.set(Stopper::breakpoint, 0x1000, 1), Set::impossible);
}

} // namespace
} // namespace minios::debug
