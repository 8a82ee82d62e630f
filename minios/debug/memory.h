// SPDX-License-Identifier: MIT
// The program's memory, for the debugger's other parts.
#pragma once

#include <minios/types.h>

#include <cstdint>

namespace minios::debug {

/// Before the first write to memory that is read-only. False: no address space or page table for the second mapping.
bool prepare_memory();

/// Is it an address of the program's text? That is always mapped, and never writable.
bool is_text(std::uint64_t address);
/// The frame behind an address of the text.
Mfn text_frame(std::uint64_t address);
/// Writes one byte of the text. Calls no function of the kernel, so that breakpoints can stand in all of them.
void write_text(Mfn frame, std::uint64_t address, std::uint8_t byte);

} // namespace minios::debug
