// SPDX-License-Identifier: MIT
// The serial line to the debugger: a 16550 of the domain's own, polled; its interrupt only wakes the domain, and breaks
// into the program while it runs. Register numbers and bits: PC16550D data sheet, table II.
#pragma once

#include <cstdint>
#include <string_view>

namespace minios::debug::line {

/// Takes over the device at I/O port `base` with interrupt `irq` (ISA: edge, active high). False: no UART answers, or
/// there is no right to the interrupt. An access without the right to the ports is an exception.
bool open(std::uint16_t base, unsigned irq, void (*on_byte)());

bool has_byte();
/// Waits for one; the domain sleeps meanwhile, with events masked.
char get();
/// Waits for one at most that long. False: none came.
bool wait(std::uint64_t nanoseconds);
void put(std::string_view bytes);

/// Has the interrupt come since the last time?
bool take_interrupt();

} // namespace minios::debug::line
