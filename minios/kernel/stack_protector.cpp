// SPDX-License-Identifier: MIT
// What compilers call and read with -fstack-protector. The kernel and our half of the C library have this guard; programs have theirs
// in the thread block (minios/libc/thread_block.h), which is as random.
#include "internal.h"

#include <minios/random.h>

extern "C" {

/// Between a function's arrays and its return address.
extern std::uint64_t __stack_chk_guard;
std::uint64_t __stack_chk_guard;

/// A function found its guard changed on its way out. Its frame, and those above it, may hold anything: a back trace goes as far
/// as they make sense.
[[noreturn]] void __stack_chk_fail() {
    minios::panic("a stack was smashed: a function wrote beyond an array of its own");
}

} // extern "C"

namespace minios {

/// One byte is zero, which stops string functions from reading or writing across it.
__attribute__((no_stack_protector)) void stack_protector_start() {
    __stack_chk_guard = random::word() & ~std::uint64_t{0xff};
}

} // namespace minios
