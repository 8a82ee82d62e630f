// SPDX-License-Identifier: MIT
#pragma once

#include <stdarg.h>
#include <stdio.h>

/// printf without positions.
typedef int plain_print(struct _reent* reent, FILE* stream, const char* format, va_list arguments);

/// For a format with a '$' in it. As PRINT, by which it prints; EOF with EINVAL for a format that mixes arguments by position and in order, or
/// names a position that cannot be (1 to 32).
int __print_by_position(plain_print* print, struct _reent* reent, FILE* stream, const char* format, va_list arguments);
