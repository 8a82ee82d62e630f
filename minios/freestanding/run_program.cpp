// SPDX-License-Identifier: MIT
// From constructors to the end of main, for programs without a C library. Destructors of globals never run.
#include <minios/start.h>

extern "C" int minios_run_program(int argc, char** argv) {
    for (const MiniosConstructor* c = minios_init_array_start; c < minios_init_array_end; ++c) (*c)();
    return main(argc, argv);
}
