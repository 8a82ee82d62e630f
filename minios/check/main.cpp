// SPDX-License-Identifier: MIT
// A domain that checks minios from inside: each check prints "check NAME: ok", and the last line is "minios-check: N
// passed, N failed". With an argument die=HOW it does one forbidden thing instead, and must end in a panic that names
// it.
#include "checks.h"

using namespace minios;

namespace {

int passed, failed;

} // namespace

void report(const char* name, bool good) {
    print("check %s: %s\n", name, good ? "ok" : "FAILED");
    ++(good ? passed : failed);
}

int main(int argc, char** argv) {
    const std::uint64_t start_ns = clock::since_entry_ns();
    print("%s: %lu pages, %lu frames free, main after %lu ns\n", argv[0], total_pages(), frames::free_count(),
          start_ns);
    for (int i = 1; i < argc; ++i) {
        const std::string_view argument = argv[i];
        print("argument %d: '%s'\n", i, argv[i]);
        if (argument.starts_with("die=")) die(argument.substr(4));
    }
    for (const Module& module : modules())
        print("module: %lu bytes, first %02x, line '%.*s'\n", module.size, static_cast<unsigned>(module.data[0]),
              static_cast<int>(module.command_line.size()), module.command_line.data());
    check_memory();
    check_threads();
    check_events();
    check_grants();
    report("no page is writable and executable", page_table::count_writable_executable() == 0);
    print("minios-check: %d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
