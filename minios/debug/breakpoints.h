// SPDX-License-Identifier: MIT
// Breakpoints stand in memory only while the program runs: nothing else sees them, the debugger's own code included.
#pragma once

#include "target.h"

namespace minios::debug {

/// Puts all breakpoints into the program and loads the debug registers.
void plant_breakpoints();
/// Takes them out again, and switches the debug registers off.
void lift_breakpoints();

bool is_breakpoint(std::uint64_t address);

/// Which of the debug registers stopped the program, by DR6.
struct Hit {
    target::Stopper kind;
    std::uint64_t address;
};
bool hardware_hit(std::uint64_t dr6, Hit& hit);

} // namespace minios::debug
