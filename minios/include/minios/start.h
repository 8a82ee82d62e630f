// SPDX-License-Identifier: MIT
// What a program starts with and how it ends. A program defines main(); minios calls it in the main thread once memory,
// console, events and threads work. argv comes from the domain's command line, split at blanks ('single' and "double"
// quotes group); argv[0] is the program's name. Returning from main is exit().
#pragma once

#include <minios/types.h>
#include <minios/xen.h>

#include <cstddef>
#include <span>
#include <string_view>

/// Defined by the program. Without a C library it is extern "C".
#if !__STDC_HOSTED__
extern "C" int main(int argc, char** argv);
#endif

/// The language runtime (minios/freestanding or minios/libc): runs the program from its constructors to the end of
/// main; the value is its exit status.
extern "C" int minios_run_program(int argc, char** argv);
extern "C" {
using MiniosConstructor = void (*)();
/// Functions to call before main, in order, and after it, last one first.
extern const MiniosConstructor minios_init_array_start[], minios_init_array_end[], minios_fini_array_start[],
    minios_fini_array_end[];
}

namespace minios {

/// The start_info page as it was at entry (a copy: the page itself may be reused).
const start_info_t& start_info();

/// The first domain of the platform (SIF_INITDOMAIN)?
bool is_first_domain();

/// The command line, as it came.
std::string_view command_line();

/// Pages this domain was started with.
std::uint64_t total_pages();

/// A piece of memory the domain was started with.
struct Module {
    const std::byte* data = nullptr; ///< read-only; valid until release_modules()
    std::size_t size = 0;            ///< bytes
    std::string_view command_line;   ///< what stood beside it; empty for a plain single module
    Pfn first_pfn;                   ///< frame of data, whose lower 12 bits may be non-zero in a module list
    bool contiguous = true;          ///< its frames are consecutive pseudo-physical frames
};

/// The modules handed over in start_info: one plain module, or the list form (SIF_MULTIBOOT_MOD, see <xen/xen.h>).
std::span<const Module> modules();

enum class ShutdownReason : unsigned { power_off = 0, reboot = 1, suspend = 2, crash = 3, watchdog = 4 };

/// Flushes the console and ends the domain. The first domain takes the machine with it.
[[noreturn]] void shutdown(ShutdownReason reason);

/// Ends the domain: with 0 it powers off; with any other status it says so on the console ("NAME: exit status 3") and
/// counts as crashed, which is how its builder learns of it. Runs nothing of the program any more.
[[noreturn]] void exit(int status);

/// Prints the message with registers and a back trace, then crashes the domain.
[[noreturn]] void panic(const char* format, ...) __attribute__((format(printf, 1, 2)));

} // namespace minios

/// Panics when `condition` is false, in every build.
#define MINIOS_ASSERT(condition)                                                                                       \
    do {                                                                                                               \
        if (!(condition)) [[unlikely]]                                                                                 \
            ::minios::panic("%s:%d: %s does not hold", __FILE__, __LINE__, #condition);                                \
    } while (false)
