// SPDX-License-Identifier: MIT
// The machine's console while xen-core owns it: an early UART (16550), a ring that keeps the last output, and a small
// input buffer. The log writes here; so do console_io and sysctl readconsole. Lock: LockRank::console.
#pragma once

#include "base/types.h"

namespace skerry {

// `port` 0: there is none. `baud` 0: leaves the speed as the firmware set it.
void init_uart(uint16_t port, uint32_t baud);
// The UART now belongs to a domain: xen-core stops touching it (output still goes to the ring). Its port, for
// the rights check; 0 when there is none.
void release_uart();
uint16_t uart_port();

// Output: ring and UART. "\n" becomes "\r\n" on the wire. From announce_output on (once all CPUs run) it raises
// PendingWork::output.
void console_write(const char* text, size_t length);
void announce_output();

// Input that has arrived, without waiting. Returns the number of bytes.
size_t console_read(char* buffer, size_t size);
// From now on input raises an interrupt, and `handler` is called when there is some (VIRQ_CONSOLE).
void enable_console_input(void (*handler)());

// The ring for XEN_SYSCTL_readconsole: copies up to `size` bytes from stream position `position` (advanced; positions
// that were overwritten are skipped). Returns the number of bytes.
size_t read_console_ring(uint64_t& position, char* buffer, size_t size);
void clear_console_ring();

// Panic: take the console whatever state its lock is in.
void break_console_lock();

} // namespace skerry
