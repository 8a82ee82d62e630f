// SPDX-License-Identifier: MIT
// The four debug registers of the processor: who has which, and the value of DR7 that says so. (Intel SDM volume 3,
// 17.2.) Pure; tested on the host.
#pragma once

#include "target.h"

namespace minios::debug {

class DebugRegisters {
  public:
    static constexpr unsigned count = 4;

    /// A larger piece of memory takes several registers. Breakpoints take one.
    target::Set set(target::Stopper kind, std::uint64_t address, std::uint64_t size) {
        if (kind == target::Stopper::breakpoint) return target::Set::impossible;
        if (kind == target::Stopper::hardware_breakpoint) size = 1;
        if (size == 0 || address >= programs_half || size > programs_half - address) return target::Set::impossible;
        Register taken[count];
        unsigned used = 0;
        for (; size > 0 && used < count; ++used) {
            const std::uint64_t piece = largest_piece(address, size);
            taken[used] = {kind, address, static_cast<std::uint8_t>(piece), true};
            address += piece;
            size -= piece;
        }
        if (size > 0 || used > free_count()) return target::Set::no_room;
        for (Register& place : registers_)
            if (!place.used && used > 0) place = taken[--used];
        return target::Set::done;
    }
    bool clear(target::Stopper kind, std::uint64_t address, std::uint64_t size) {
        if (kind == target::Stopper::hardware_breakpoint) size = 1;
        bool any = false;
        for (Register& place : registers_) {
            const bool inside = place.address >= address && place.address - address < size;
            if (!place.used || place.kind != kind || !inside) continue;
            place.used = false;
            any = true;
        }
        return any;
    }
    void clear_all() {
        for (Register& place : registers_) place.used = false;
    }

    bool used(unsigned number) const { return registers_[number].used; }
    target::Stopper kind(unsigned number) const { return registers_[number].kind; }
    std::uint64_t address(unsigned number) const { return registers_[number].address; }
    /// Bits 0 to 7 say which are on; from bit 16 on there are four for each, on what and how large.
    std::uint64_t control() const {
        std::uint64_t value = 0;
        for (unsigned i = 0; i < count; ++i) {
            if (!registers_[i].used) continue;
            value |= 1ull << (2 * i);
            value |= (use_bits(registers_[i].kind) | size_bits(registers_[i].size) << 2) << (16 + 4 * i);
        }
        return value;
    }

  private:
    struct Register {
        target::Stopper kind;
        std::uint64_t address;
        std::uint8_t size; ///< 1, 2, 4 or 8, and the address is a multiple of it
        bool used = false;
    };

    static constexpr std::uint64_t programs_half = 1ull << 47; ///< the hypervisor refuses its own

    static std::uint64_t largest_piece(std::uint64_t address, std::uint64_t size) {
        std::uint64_t piece = 8;
        while (piece > size || address % piece != 0) piece /= 2;
        return piece;
    }
    static std::uint64_t use_bits(target::Stopper kind) {
        switch (kind) {
        case target::Stopper::write_watchpoint: return 1;
        case target::Stopper::access_watchpoint: return 3;
        default: return 0;
        }
    }
    static std::uint64_t size_bits(std::uint8_t size) { return size == 8 ? 2 : size - 1u; }
    unsigned free_count() const {
        unsigned free = 0;
        for (const Register& place : registers_) free += !place.used;
        return free;
    }

    Register registers_[count] = {};
};

} // namespace minios::debug
