// SPDX-License-Identifier: MIT
#include "breakpoints.h"

#include "memory.h"
#include "watchpoints.h"

#include <minios/hypercall.h>

namespace minios::debug {

namespace {

using target::Set;
using target::Stopper;

constexpr std::uint8_t int3 = 0xcc;

struct Breakpoint {
    std::uint64_t address = 0;
    Mfn frame;                ///< of text
    std::uint8_t covered = 0; ///< what stood there
    bool used = false, planted = false;
};

constexpr unsigned most_breakpoints = 128;
// The debugger works before the program's constructors run.
constinit Breakpoint breakpoints[most_breakpoints];
constinit DebugRegisters registers;

Breakpoint* find(std::uint64_t address) {
    for (Breakpoint& b : breakpoints)
        if (b.used && b.address == address) return &b;
    return nullptr;
}

Set set_breakpoint(std::uint64_t address) {
    std::uint8_t byte;
    if (find(address) != nullptr) return Set::done;
    // By writing what is there it shows whether it can be planted.
    if (target::read_memory(address, &byte, 1) == 0 || target::write_memory(address, &byte, 1) == 0)
        return Set::no_memory_there;
    for (Breakpoint& b : breakpoints) {
        if (b.used) continue;
        b = {address, Mfn{}, byte, true, false};
        return Set::done;
    }
    return Set::no_room;
}

bool clear_breakpoint(std::uint64_t address) {
    Breakpoint* b = find(address);
    if (b == nullptr) return false;
    b->used = false;
    return true;
}

} // namespace

/// Those in the text come last, since they may stand in what the others need.
void plant_breakpoints() {
    for (Breakpoint& b : breakpoints) {
        if (!b.used) continue;
        const bool readable = target::read_memory(b.address, &b.covered, 1) == 1;
        if (is_text(b.address))
            b.frame = text_frame(b.address);
        else
            b.planted = readable && target::write_memory(b.address, &int3, 1) == 1;
    }
    for (unsigned i = 0; i < DebugRegisters::count; ++i)
        if (registers.used(i)) (void)hypercall::set_debugreg(static_cast<int>(i), registers.address(i));
    if (registers.control() != 0) (void)hypercall::set_debugreg(7, registers.control());
    for (Breakpoint& b : breakpoints) {
        if (!b.used || !is_text(b.address)) continue;
        write_text(b.frame, b.address, int3);
        b.planted = true;
    }
}

void lift_breakpoints() {
    if (registers.control() != 0) (void)hypercall::set_debugreg(7, 0);
    for (Breakpoint& b : breakpoints) {
        if (!b.planted || !is_text(b.address)) continue;
        write_text(b.frame, b.address, b.covered);
        b.planted = false;
    }
    for (Breakpoint& b : breakpoints) {
        if (b.planted) (void)target::write_memory(b.address, &b.covered, 1);
        b.planted = false;
    }
}

bool is_breakpoint(std::uint64_t address) { return find(address) != nullptr; }

bool hardware_hit(std::uint64_t dr6, Hit& hit) {
    for (unsigned i = 0; i < DebugRegisters::count; ++i) {
        if ((dr6 >> i & 1) == 0 || !registers.used(i)) continue;
        hit = {registers.kind(i), registers.address(i)};
        return true;
    }
    return false;
}

namespace target {

Set set_stopper(Stopper kind, std::uint64_t address, std::uint64_t size) {
    return kind == Stopper::breakpoint ? set_breakpoint(address) : registers.set(kind, address, size);
}
bool clear_stopper(Stopper kind, std::uint64_t address, std::uint64_t size) {
    return kind == Stopper::breakpoint ? clear_breakpoint(address) : registers.clear(kind, address, size);
}
void clear_all_stoppers() {
    for (Breakpoint& b : breakpoints) b.used = false;
    registers.clear_all();
}

} // namespace target
} // namespace minios::debug
