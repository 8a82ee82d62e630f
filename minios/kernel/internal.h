// SPDX-License-Identifier: MIT
// What the parts of the minios kernel offer each other and nobody else.
#pragma once

#include <minios/minios.h>

#define MINIOS_PAGE_ALIGNED __attribute__((section(".bss.page_aligned"), aligned(4096)))

extern "C" {
extern shared_info_t minios_shared_info; // the real one once memory_start() has run
extern char minios_text_start[], minios_text_end[], minios_rodata_start[], minios_rodata_end[], minios_image_end[];
extern char minios_boot_stack_guard[], minios_zero_page[];
/// Words of event channels that have pending ones, taken out of vcpu_info by a debugger's callback (minios/debug) and
/// left for the scheduler. Always 0 without a debugger.
extern std::uint64_t minios_events_set_aside;
void minios_block();
}

namespace minios {

// Each part's start, in the order start.cpp calls them.
void console_early(const start_info_t& info);
void traps_start();
void stack_protector_start();
void memory_start(const start_info_t& info);
void console_start(const start_info_t& info);
void modules_start(const start_info_t& info);
void events_start();

/// Address space of the kernel (virtual layout in memory.h; layout.h for regions).
inline constexpr std::uint64_t mapping_area = 64ull << 30, mapping_area_size = 32ull << 30;
inline constexpr std::uint64_t page_area = 256ull << 30, page_area_size = 256ull << 30;

/// Length of a text that may lack its terminating zero.
inline std::size_t bounded_length(const char* text, std::size_t most) {
    std::size_t length = 0;
    while (length < most && text[length] != 0) ++length;
    return length;
}

/// Stack with a guard page below: lowest usable address, or nullptr.
void* stack_allocate(std::size_t size);
void stack_release(void* lowest, std::size_t size);

/// Gives back what the heap keeps at its end though it is free; false: nothing, or this is no time for it.
bool heap_release_end();

// All threads there are, the first one first, for a debugger.
namespace threads {
Thread* oldest();
/// The one made after it; nullptr: none.
Thread* next_newer(const Thread* thread);
/// From 1 on; none is used again.
unsigned number(const Thread* thread);
/// Where minios_switch left the registers of a thread that does not run.
const std::uint64_t* saved_registers(const Thread* thread);
} // namespace threads

namespace clock {
/// The moment the domain was entered.
void note_entry();
/// Runs the callbacks that are due; the next deadline or 0.
std::uint64_t run_timers();
} // namespace clock

namespace console {
/// From here on writes spin instead of scheduling: the domain is ending.
void stop_waiting();
} // namespace console

/// The return addresses up the chain of frame pointers, innermost first; how many.
std::size_t collect_back_trace(std::uint64_t frame_pointer, std::uint64_t* places, std::size_t most);
/// One line: the address and the function it lies in.
enum class Place { instruction, after_call };
void print_place(std::uint64_t address, Place place);
struct ExceptionFrame;

// What a debugger that is linked into the program (minios/debug) does at these turns. Without one: nothing
// (no_debugger.cpp).
extern "C" {
/// Everything works, and the program is about to begin.
void minios_debug_start();
/// An exception that would end the domain. True: it shall not.
bool minios_debug_exception(ExceptionFrame& frame);
/// panic() is about to end the domain.
void minios_debug_panic(const char* message);
/// The program ended: its exit status, or -1.
void minios_debug_end(int status);
}

/// Prints the functions on the way to `instruction` (0: none) and up the chain of frame pointers.
void print_back_trace(std::uint64_t instruction, std::uint64_t frame_pointer);

} // namespace minios
