// SPDX-License-Identifier: MIT
// Names for addresses of xen-core's own functions, from the table that boot/make-symbols generates at link time.
#pragma once

#include <stdint.h>

namespace skerry {

struct Symbol {
    const char* name; // nullptr: not in xen-core's text
    uint64_t offset;  // bytes from the function's start
};

Symbol find_symbol(uint64_t address);

// xen-core's text, from the linker script.
bool is_text(uint64_t address);

} // namespace skerry
