// SPDX-License-Identifier: MIT
// From the entry to main(), and the ways out.
#include "command_line.h"
#include "debug_heap.h"
#include "internal.h"
#include "traps.h"

extern "C" const char minios_program_name[];

namespace minios {

namespace {

start_info_t info_copy;
char words_text[MAX_GUEST_CMDLINE + 1];
char program_name[48];
bool shutting_down;

int run_program() {
    constexpr std::size_t most_words = MAX_GUEST_CMDLINE / 2; // of one character, and a blank
    static char* words[most_words + 2];
    __builtin_memcpy(words_text, info_copy.cmd_line, MAX_GUEST_CMDLINE);
    format_to(program_name, sizeof program_name, "%s", minios_program_name);
    words[0] = program_name;
    const std::size_t count = split_words(words_text, words + 1, most_words);
    words[count + 1] = nullptr;
    return minios_run_program(static_cast<int>(count + 1), words);
}

} // namespace

const start_info_t& start_info() { return info_copy; }
bool is_first_domain() { return (info_copy.flags & SIF_INITDOMAIN) != 0; }
std::uint64_t total_pages() { return info_copy.nr_pages; }
std::string_view command_line() {
    const auto* text = reinterpret_cast<const char*>(info_copy.cmd_line);
    return {text, bounded_length(text, MAX_GUEST_CMDLINE)};
}

/// Its own frame is older than the stack guard.
extern "C" [[noreturn]] __attribute__((no_stack_protector)) void minios_start(const start_info_t* info) {
    clock::note_entry();
    info_copy = *info;
    console_early(info_copy);
    traps_start();
    stack_protector_start();
    memory_start(info_copy);
#if MINIOS_DEBUG
    if (page_table::count_writable_executable() != 0) panic("start: there are pages both writable and executable");
#endif
    events_start();
    console_start(info_copy);
    modules_start(info_copy);
    minios_debug_start();
    exit(run_program());
}

void exit(int status) {
    if (debug_heap::wanted()) debug_heap::check_all();
    if (status != 0) print("%s: exit status %d\n", program_name, status);
    minios_debug_end(status);
    shutdown(status == 0 ? ShutdownReason::power_off : ShutdownReason::crash);
}

void shutdown(ShutdownReason reason) {
    if (!shutting_down) {
        shutting_down = true;
        console::flush();
        minios_debug_end(reason == ShutdownReason::power_off ? 0 : -1);
    }
    sched_shutdown_t operation{static_cast<unsigned>(reason)};
    for (;;) (void)hypercall::sched_op(SCHEDOP_shutdown, &operation);
}

void panic(const char* format, ...) {
    static bool panicking;
    char text[256];
    std::va_list arguments;
    va_start(arguments, format);
    vformat_to(text, sizeof text, format, arguments);
    va_end(arguments);
    if (!panicking) {
        panicking = true;
        minios_debug_panic(text);
        console::stop_waiting();
        print("\nminios panic: %s (thread %s)\n", text, threads::name(threads::current()));
        print_back_trace(0, reinterpret_cast<std::uint64_t>(__builtin_frame_address(0)));
    }
    shutdown(ShutdownReason::crash);
}

const char* error_name(Error error) {
    const int number = static_cast<int>(error);
    if (number == 0) return "no error";
#define XEN_ERRNO(name, value)                                                                                         \
    if (number == value) return #name;
#include <xen/errno.h>
    return "E?";
}

} // namespace minios
