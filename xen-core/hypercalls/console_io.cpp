// SPDX-License-Identifier: MIT
// console_io: the machine's console for whoever holds the right, while xen-core owns the UART.
#include "arch/x86_64/console.h"
#include "hypercalls/dispatch.h"

#include <algorithm>

namespace skerry {
namespace {

constexpr uint32_t chunk = 256; // bytes copied at a time

HypercallResult write(Caller& caller, uint32_t count, GuestHandle<char> text) {
    char buffer[chunk];
    while (count > 0) {
        uint32_t length = std::min(count, chunk);
        TRY_STATUS(text.read_array(buffer, length));
        console_write(buffer, length);
        text = text.advanced(length);
        count -= length;
        if (count > 0 && !caller.budget.spend(chunk)) return caller.continue_with(1, {count, text.address().value});
    }
    return 0;
}

} // namespace

HypercallResult hypercall_console_io(Caller& caller, uint32_t command, uint32_t count, GuestHandle<char> buffer) {
    TRY_STATUS(AuthorityCheck::platform(caller.domain, PlatformRight::write_log));
    switch (command) {
    case CONSOLEIO_write: return write(caller, count, buffer);
    case CONSOLEIO_read: {
        char input[chunk];
        size_t length = console_read(input, std::min(count, chunk));
        TRY_STATUS(buffer.write_array(input, length));
        return static_cast<int64_t>(length);
    }
    default: return Error::no_system_call;
    }
}

} // namespace skerry
