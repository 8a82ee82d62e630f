// SPDX-License-Identifier: MIT
// Reading the instruction at which a guest stands, for the decoder.
#pragma once

#include "arch/x86_64/cpu_local.h"
#include "traps/instruction.h"

namespace skerry {

// As many bytes as can be read from rip on, up to 15; none if rip is not the guest's.
InstructionBytes fetch_instruction(const RegisterFrame& frame);
// Is the guest in 64-bit code? (By the L bit of its code segment, which need not be ours.)
bool is_long_mode(const RegisterFrame& frame);
// After an instruction has been executed for the guest: rip moves past it, and RF is cleared. With TF set, the debug
// trap that the CPU would have raised is owed: true.
bool advance(RegisterFrame& frame, unsigned length);

} // namespace skerry
