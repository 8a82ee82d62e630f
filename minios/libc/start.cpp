// SPDX-License-Identifier: MIT
// From the kernel to main and from exit back to it. Leading words NAME=VALUE of the command line (NAME in capitals) are
// the environment, as in a shell; the others are main's arguments. A word `=` between the two is neither: it is there when the
// first argument looks like a variable. More words may come with a boot module.
#include "console_file.h"
#include "module_words.h"
#include "thread_block.h"

#include <minios/memory.h>
#include <minios/start.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern "C" {
int main(int argc, char** argv, char** environment);
extern char** environ;
void _cleanup_r(struct _reent*) __attribute__((weak)); // there if the program uses stdio
void* __dso_handle = nullptr;
extern const std::size_t minios_main_stack_size; // main_stack.cpp, or the program
}

namespace minios::libc {

namespace {

bool names_a_variable(const char* word) {
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    const char* end = word;
    while ((*end >= 'A' && *end <= 'Z') || *end == '_' || is_digit(*end)) ++end;
    return end != word && *end == '=' && !is_digit(*word);
}

/// Takes the first `count` of words[1..] away.
void drop_words(Arguments& arguments, int count) {
    arguments.words[count] = arguments.words[0];
    arguments.words += count;
    arguments.count -= count;
}

/// Takes the leading variables out of words[1..].
void take_environment(Arguments& arguments) {
    static char* nothing[] = {nullptr};
    int variables = 0;
    while (variables + 1 < arguments.count && names_a_variable(arguments.words[variables + 1])) ++variables;
    environ = nothing;
    const bool has_end = variables + 1 < arguments.count && strcmp(arguments.words[variables + 1], "=") == 0;
    if (variables == 0) return drop_words(arguments, has_end);
    auto** list = static_cast<char**>(heap::allocate((static_cast<std::size_t>(variables) + 1) * sizeof(char*)));
    if (list == nullptr) panic("libc: no memory for the environment");
    memcpy(list, arguments.words + 1, static_cast<std::size_t>(variables) * sizeof(char*));
    list[variables] = nullptr;
    environ = list;
    drop_words(arguments, variables + has_end);
}

void run_destructors() {
    for (const MiniosConstructor* d = minios_fini_array_end; d > minios_fini_array_start;) (*--d)();
}

int run(void* context) {
    Arguments arguments = *static_cast<Arguments*>(context);
    start_threads();
    add_module_words(arguments);
    take_environment(arguments);
    open_console();
    atexit(run_destructors);
    // Every thread has a struct _reent of its own, but exit() flushes stdio only if the global one says how.
    if (_cleanup_r != nullptr) _GLOBAL_REENT->__cleanup = _cleanup_r;
    for (const MiniosConstructor* c = minios_init_array_start; c < minios_init_array_end; ++c) (*c)();
    ::exit(main(arguments.count, arguments.words, environ));
}

} // namespace
} // namespace minios::libc

extern "C" int minios_run_program(int argc, char** argv) {
    minios::libc::Arguments arguments{argc, argv};
    return minios::threads::on_stack(minios_main_stack_size, minios::libc::run, &arguments);
}

extern "C" void _exit(int status) { minios::exit(status & 0xff); }
