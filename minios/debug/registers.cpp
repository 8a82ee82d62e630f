// SPDX-License-Identifier: MIT
#include "registers.h"

#include <initializer_list>

namespace minios::debug {

namespace {

constexpr std::uint64_t ExceptionFrame::*general[] = {
    &ExceptionFrame::rax, &ExceptionFrame::rbx, &ExceptionFrame::rcx, &ExceptionFrame::rdx, &ExceptionFrame::rsi,
    &ExceptionFrame::rdi, &ExceptionFrame::rbp, &ExceptionFrame::rsp, &ExceptionFrame::r8,  &ExceptionFrame::r9,
    &ExceptionFrame::r10, &ExceptionFrame::r11, &ExceptionFrame::r12, &ExceptionFrame::r13, &ExceptionFrame::r14,
    &ExceptionFrame::r15, &ExceptionFrame::rip};
static_assert(sizeof general / sizeof general[0] == rip + 1);

constexpr unsigned full_tag_empty = 3;

/// The two-bit tag of a register of the x87, by its value (Intel SDM volume 1, 8.1.7).
unsigned full_tag(const std::uint8_t* value) {
    std::uint64_t significand;
    std::uint16_t exponent;
    __builtin_memcpy(&significand, value, 8);
    __builtin_memcpy(&exponent, value + 8, 2);
    exponent &= 0x7fff;
    if (exponent == 0 && significand == 0) return 1;
    return exponent != 0 && exponent != 0x7fff && significand >> 63 != 0 ? 0 : 2;
}

unsigned full_tags(const FxState& fx) {
    unsigned tags = 0;
    for (unsigned physical = 0; physical < 8; ++physical) {
        const unsigned top = fx.status >> 11 & 7, from_top = (physical - top) & 7;
        const unsigned tag = (fx.tags >> physical & 1) != 0 ? full_tag(fx.st[from_top]) : full_tag_empty;
        tags |= tag << (2 * physical);
    }
    return tags;
}

std::uint8_t short_tags(std::uint64_t full) {
    unsigned tags = 0;
    for (unsigned physical = 0; physical < 8; ++physical)
        tags |= static_cast<unsigned>((full >> (2 * physical) & 3) != full_tag_empty) << physical;
    return static_cast<std::uint8_t>(tags);
}

void write_fx(const RegisterFile& file, FxState& fx) {
    for (unsigned i = 0; i < 8; ++i) __builtin_memcpy(fx.st[i], file.at(st0 + i), 10);
    fx.control = static_cast<std::uint16_t>(file.get(fctrl));
    fx.status = static_cast<std::uint16_t>(file.get(fstat));
    fx.tags = short_tags(file.get(ftag));
    fx.opcode = static_cast<std::uint16_t>(file.get(fop));
    fx.instruction = file.get(fioff) | file.get(fiseg) << 32;
    fx.operand = file.get(fooff) | file.get(foseg) << 32;
    for (unsigned i = 0; i < 16; ++i) __builtin_memcpy(fx.xmm[i], file.at(xmm0 + i), 16);
    constexpr std::uint32_t oldest_mask = 0xffbf; // of processors that save none
    const std::uint32_t mask = fx.mxcsr_mask != 0 ? fx.mxcsr_mask : oldest_mask;
    fx.mxcsr = static_cast<std::uint32_t>(file.get(mxcsr)) & mask; // other bits: FXRSTOR would fault
}

} // namespace

void read_registers(const ExceptionFrame& frame, const FxState& fx, RegisterFile& file) {
    file.known = 0;
    for (unsigned i = 0; i <= rip; ++i) file.set(i, frame.*general[i]);
    file.set(eflags, frame.rflags);
    file.set(cs, frame.cs & 0xffff);
    file.set(ss, frame.ss & 0xffff);
    for (const unsigned data : {ds, es, fs, gs}) file.set(data, 0); // what 64-bit programs on minios have
    for (unsigned i = 0; i < 8; ++i) __builtin_memcpy(file.at(st0 + i), fx.st[i], 10);
    file.set(fctrl, fx.control);
    file.set(fstat, fx.status);
    file.set(ftag, full_tags(fx));
    file.set(fop, fx.opcode);
    file.set(fioff, fx.instruction);
    file.set(fiseg, fx.instruction >> 32);
    file.set(fooff, fx.operand);
    file.set(foseg, fx.operand >> 32);
    for (unsigned i = 0; i < 16; ++i) __builtin_memcpy(file.at(xmm0 + i), fx.xmm[i], 16);
    file.set(mxcsr, fx.mxcsr);
    file.known = (1ull << fs_base) - 1;
}

bool write_registers(const RegisterFile& file, ExceptionFrame& frame, FxState& fx) {
    constexpr std::uint64_t programs_flags = 0xcd5; // CF PF AF ZF SF DF OF; the rest is ours or the hypervisor's
    if (file.get(cs) != (frame.cs & 0xffff) || file.get(ss) != (frame.ss & 0xffff)) return false;
    for (const unsigned data : {ds, es, fs, gs})
        if (file.get(data) != 0) return false;
    if (((file.get(eflags) ^ frame.rflags) & 0xffffffff & ~programs_flags) != 0) return false;
    for (unsigned i = 0; i <= rip; ++i) frame.*general[i] = file.get(i);
    frame.rflags = (frame.rflags & ~programs_flags) | (file.get(eflags) & programs_flags);
    write_fx(file, fx);
    return true;
}

void read_switched_out(const std::uint64_t* saved, std::uint64_t stack, RegisterFile& file) {
    file.known = 0;
    constexpr unsigned order[] = {r15, r14, r13, r12, rbx, rbp, rip}; // behind x87's and SSE's control words
    for (unsigned i = 0; i < 7; ++i) file.set(order[i], saved[1 + i]);
    file.set(rsp, stack + 8 * sizeof(std::uint64_t));
}

} // namespace minios::debug
