// SPDX-License-Identifier: MIT
// How large main's stack is, in bytes, in a program that does not define it. In a file of its own, so that a program's definition is the only one, and
// no compiler takes this value for granted.
#include <cstddef>

extern "C" const std::size_t minios_main_stack_size = 256 * 1024;
