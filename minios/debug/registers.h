// SPDX-License-Identifier: MIT
// Registers as GDB numbers and lays them out for i386:x86-64 without an operating system: 64-bit general registers and
// rip, eflags and selectors (32 bits each), x87, SSE, the bases of %fs and %gs. And their places in what an exception and FXSAVE
// leave. Pure; tested on the host.
#pragma once

#include "minios/kernel/traps.h"

#include <cstring>

namespace minios::debug {

enum RegisterNumber : unsigned {
    rax,
    rbx,
    rcx,
    rdx,
    rsi,
    rdi,
    rbp,
    rsp,
    r8,
    r9,
    r10,
    r11,
    r12,
    r13,
    r14,
    r15,
    rip, // clang-format off
    eflags, cs, ss, ds, es, fs, gs,
    st0, fctrl = st0 + 8, fstat, ftag, fiseg, fioff, foseg, fooff, fop,
    xmm0, mxcsr = xmm0 + 16, fs_base, gs_base,
    register_count // clang-format on
};

constexpr std::size_t size_of_register(unsigned number) {
    if (number <= rip || number >= fs_base) return 8;
    if (number >= st0 && number < fctrl) return 10;
    if (number >= xmm0 && number < mxcsr) return 16;
    return 4;
}
constexpr std::size_t offset_of_register(unsigned number) {
    std::size_t offset = 0;
    for (unsigned before = 0; before < number; ++before) offset += size_of_register(before);
    return offset;
}

/// The packet `g` has those below; the others are asked for one by one, since not every GDB has them.
inline constexpr unsigned registers_in_g = fs_base;

/// The value of every register, in the order of the packet `g`.
struct RegisterFile {
    std::uint8_t bytes[offset_of_register(register_count)];
    std::uint64_t known; ///< a bit for each register that has a value

    bool knows(unsigned number) const { return (known >> number & 1) != 0; }
    std::uint8_t* at(unsigned number) { return bytes + offset_of_register(number); }
    const std::uint8_t* at(unsigned number) const { return bytes + offset_of_register(number); }
    /// The lowest 64 bits.
    std::uint64_t get(unsigned number) const {
        std::uint64_t value = 0;
        const std::size_t size = size_of_register(number);
        __builtin_memcpy(&value, at(number), size < 8 ? size : 8);
        return value;
    }
    void set(unsigned number, std::uint64_t value) {
        const std::size_t size = size_of_register(number);
        __builtin_memcpy(at(number), &value, size < 8 ? size : 8);
        known |= 1ull << number;
    }
};
static_assert(register_count <= 64 && sizeof(RegisterFile::bytes) == 552);

/// What FXSAVE64 writes (Intel SDM volume 1, table 10-2; AMD64 volume 2, figure 11-8).
struct alignas(16) FxState {
    std::uint16_t control, status;
    std::uint8_t tags, reserved; ///< a bit for each register of the x87 that is not empty
    std::uint16_t opcode;
    std::uint64_t instruction, operand;
    std::uint32_t mxcsr, mxcsr_mask;
    std::uint8_t st[8][16]; ///< 10 bytes each, from the top of the stack on
    std::uint8_t xmm[16][16];
    std::uint8_t unused[96];
};
static_assert(sizeof(FxState) == 512 && offsetof(FxState, xmm) == 160);

/// Everything that the interrupted thread had, but the bases.
void read_registers(const ExceptionFrame& frame, const FxState& fx, RegisterFile& file);
/// Back to where they were. False, and nothing changed: a selector, or a bit of eflags that is the hypervisor's, would
/// become another. Bases are not looked at.
bool write_registers(const RegisterFile& file, ExceptionFrame& frame, FxState& fx);
/// What a thread that is switched out will have when it goes on: the preserved registers, rsp and rip. `saved` are the
/// eight words that minios_switch (arch/x86_64/entry.S) left at `stack`.
void read_switched_out(const std::uint64_t* saved, std::uint64_t stack, RegisterFile& file);

} // namespace minios::debug
