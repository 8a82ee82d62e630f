// SPDX-License-Identifier: MIT
// OCaml's calls need more stack than C's: main's, in bytes, in programs that do not say themselves. One that overflows it ends.
#include <stddef.h>

const size_t minios_main_stack_size = 1024 * 1024;
