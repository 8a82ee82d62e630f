// SPDX-License-Identifier: MIT
// What the protocol (session.h) asks of the stopped program. In a domain target.cpp, memory.cpp and breakpoints.cpp
// answer; the tests and the fuzzer have a program of their own behind it.
#pragma once

#include "registers.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace minios::debug::target {

/// Copies `size` bytes of the program's memory; how many could be read, from the first on.
std::size_t read_memory(std::uint64_t address, void* to, std::size_t size);
/// Changes memory, also where the program may only read. How many bytes could be written, from the first on.
std::size_t write_memory(std::uint64_t address, const void* from, std::size_t size);

/// Threads have numbers from 1 on. The one that ran when the program stopped:
unsigned stopped_thread();
/// The lowest number above `number`; 0: there is none.
unsigned next_thread(unsigned number);
std::string_view thread_name(unsigned number);
/// False: there is no such thread.
bool read_registers(unsigned thread, RegisterFile& file);
/// Of the stopped thread. False: not such values.
bool write_registers(const RegisterFile& file);

enum class Stopper { breakpoint, hardware_breakpoint, write_watchpoint, access_watchpoint };
enum class Set { done, no_memory_there, no_room, impossible };
/// `size` is that of the memory that is watched, in bytes; a breakpoint's does not matter.
Set set_stopper(Stopper kind, std::uint64_t address, std::uint64_t size);
/// False: there is none like it.
bool clear_stopper(Stopper kind, std::uint64_t address, std::uint64_t size);
void clear_all_stoppers();

} // namespace minios::debug::target
