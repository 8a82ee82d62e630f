// SPDX-License-Identifier: MIT
// The console of this domain: the hypervisor's when it is the first domain, its console ring (see <xen/io/console.h>)
// when it has one. Writers never block for ever on a ring nobody reads: what does not fit within a bounded wait is
// dropped and counted.
#pragma once

#include <cstdarg>
#include <cstddef>

namespace minios {

/// printf with the usual conversions except floating point: d i u x X o c s p %, flags - 0 # + space, width, precision,
/// *, and the lengths hh h l ll z t j. The compiler checks format against arguments.
void print(const char* format, ...) __attribute__((format(printf, 1, 2)));
void vprint(const char* format, std::va_list arguments) __attribute__((format(printf, 1, 0)));

/// As snprintf: writes at most size bytes including the terminating zero; returns the length the whole text needs.
int format_to(char* buffer, std::size_t size, const char* format, ...) __attribute__((format(printf, 3, 4)));
int vformat_to(char* buffer, std::size_t size, const char* format, std::va_list arguments)
    __attribute__((format(printf, 3, 0)));

namespace console {

/// Writes bytes as they are ("\n" becomes "\r\n" on a ring).
void write(const char* bytes, std::size_t count);

/// Reads up to `size` bytes that have arrived; 0 when none. From the console ring, or, in the first domain, from the
/// hypervisor's console.
std::size_t read(char* bytes, std::size_t size);

/// Blocks the calling thread until at least one byte can be read.
void wait_input();

/// Calls `handler` whenever input may have arrived (as event handlers are called). nullptr: nobody.
void on_input(void (*handler)());

/// Waits until whoever has the other end of the ring has taken what was written, two seconds at most.
void flush();

/// Bytes dropped because the ring stayed full.
std::size_t dropped();

} // namespace console
} // namespace minios
