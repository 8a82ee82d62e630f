// SPDX-License-Identifier: MIT
// Text: formatting it, the hypervisor's log, and the end of the world. The log (boot/log.cpp; tests/unit/support on the
// host) keeps a ring that the console domain can read, and writes to the early UART while xen-core owns it.
#pragma once

#include "base/result.h"
#include "base/types.h"

#include <stdarg.h>

namespace skerry {

// printf's directives as far as xen-core uses them: %d %u %x %s %%; the numbers with l or z, and with zeros in front up
// to a width (%016lx). The format is xen-core's own, never a guest's. Writes at most `size` bytes with a final NUL (if
// size > 0) and returns the number of characters written, the NUL not counted: at most size - 1.
size_t format_arguments(char* buffer, size_t size, const char* format, va_list arguments);
[[gnu::format(printf, 3, 4)]] size_t format_text(char* buffer, size_t size, const char* format, ...);

enum class LogLevel : unsigned char { error, warning, info, debug };

[[gnu::format(printf, 2, 3)]] void log(LogLevel level, const char* format, ...);

// A refusal that a guest can cause at will: named (which check, which domain), rate-limited for the whole machine.
// Returns `reason`, for the caller to pass on.
[[gnu::cold, gnu::format(printf, 3, 4)]] Error refuse(Error reason, DomId domain, const char* format, ...);

// Prints the message, registers and a symbolised back trace, and stops the machine. Only for broken invariants of
// xen-core itself: never reachable by what a guest does.
[[noreturn, gnu::format(printf, 1, 2)]] void panic(const char* format, ...);

// Checked in every build: the invariants are the safety argument.
#define ASSERT(condition)                                                                                              \
    do {                                                                                                               \
        if (UNLIKELY(!(condition))) ::skerry::panic("%s:%d: broken invariant: %s", __FILE__, __LINE__, #condition);    \
    } while (0)

} // namespace skerry
