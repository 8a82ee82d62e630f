// SPDX-License-Identifier: MIT
// printf's directives as far as xen-core uses them: %d %u %x %s %c %p %%, with l, ll and z, a width, zero padding, and
// '-' to pad on the right.
#pragma once

#include <stdarg.h>
#include <stddef.h>

namespace skerry {

// Writes at most `size` bytes with a final NUL (if size > 0) and returns the number of characters written, the NUL not
// counted: at most size - 1.
size_t format_arguments(char* buffer, size_t size, const char* format, va_list arguments);
[[gnu::format(printf, 3, 4)]] size_t format_text(char* buffer, size_t size, const char* format, ...);

} // namespace skerry
