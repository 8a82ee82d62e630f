// SPDX-License-Identifier: MIT
// What concerns the machine, for whoever holds the right. platform_op: of its settings, the wall clock
// (<xen/platform.h>). console_io: its console, while xen-core owns the UART.
#include "arch/x86_64/console.h"
#include "arch/x86_64/time.h"
#include "hypercalls/dispatch.h"

#include <algorithm>

namespace skerry {
namespace {

constexpr uint64_t nanoseconds_per_second = 1'000'000'000;

// It was `time.secs` since 1970 and `time.nsecs` when the system time was `time.system_time`.
Status set_wall_clock(const auto& time) {
    if (time.nsecs >= nanoseconds_per_second) return Error::invalid;
    uint64_t later = time.system_time % nanoseconds_per_second; // in its second
    uint64_t seconds = time.system_time / nanoseconds_per_second + (time.nsecs < later ? 1 : 0);
    if (time.secs < seconds) return Error::invalid;
    wall_clock_at_start = {time.secs - seconds, static_cast<uint32_t>((time.nsecs + nanoseconds_per_second - later) %
                                                                      nanoseconds_per_second)};
    for (DomainRef domain = domain_table.next_from(0); domain; domain = domain_table.next_from(domain->id.value + 1u)) {
        Holding held(domain->control);
        domain->publish_wall_clock();
    }
    return success;
}

constexpr uint32_t console_chunk = 256; // bytes copied at a time

HypercallResult write_console(Caller& caller, uint32_t count, GuestHandle<char> text) {
    char buffer[console_chunk];
    while (count > 0) {
        uint32_t length = std::min(count, console_chunk);
        TRY(text.read_array(buffer, length));
        console_write(buffer, length);
        text = text.advanced(length);
        count -= length;
        if (count > 0 && !caller.budget.spend(console_chunk))
            return caller.continue_with(1, {count, text.address().value});
    }
    return 0;
}

} // namespace

HypercallResult hypercall_platform_op(Caller& caller, GuestHandle<xen_platform_op_t> operation) {
    if (!caller.domain.authority.holds(PlatformRight::set_wall_clock)) return Error::not_permitted;
    xen_platform_op_t request;
    TRY(operation.read(request));
    if (request.interface_version != XENPF_INTERFACE_VERSION) return Error::access_denied;
    switch (request.cmd) {
    case XENPF_settime32: return set_wall_clock(request.u.settime32);
    case XENPF_settime64:
        if (request.u.settime64.mbz) return Error::invalid;
        return set_wall_clock(request.u.settime64);
    default: return Error::no_system_call;
    }
}

HypercallResult hypercall_console_io(Caller& caller, uint32_t command, uint32_t count, GuestHandle<char> buffer) {
    TRY(AuthorityCheck::platform(caller.domain, PlatformRight::write_log));
    switch (command) {
    case CONSOLEIO_write: return write_console(caller, count, buffer);
    case CONSOLEIO_read: {
        char input[console_chunk];
        size_t length = console_read(input, std::min(count, console_chunk));
        TRY(buffer.write_array(input, length));
        return static_cast<int64_t>(length);
    }
    default: return Error::no_system_call;
    }
}

} // namespace skerry
