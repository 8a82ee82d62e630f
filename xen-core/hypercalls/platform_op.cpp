// SPDX-License-Identifier: MIT
// platform_op: of the machine's settings, the wall clock (<xen/platform.h>).
#include "arch/x86_64/time.h"
#include "hypercalls/dispatch.h"

namespace skerry {
namespace {

constexpr uint64_t nanoseconds_per_second = 1'000'000'000;

// It was `time.secs` since 1970 and `time.nsecs` when the system time was `time.system_time`.
Status set_wall_clock(const auto& time) {
    if (time.nsecs >= nanoseconds_per_second) return Error::invalid;
    uint64_t seconds = time.secs, earlier_seconds = time.system_time / nanoseconds_per_second;
    uint32_t nanoseconds = time.nsecs;
    uint32_t earlier_nanoseconds = static_cast<uint32_t>(time.system_time % nanoseconds_per_second);
    if (nanoseconds < earlier_nanoseconds) {
        nanoseconds += nanoseconds_per_second;
        ++earlier_seconds;
    }
    if (seconds < earlier_seconds) return Error::invalid;
    wall_clock_at_start = {seconds - earlier_seconds, nanoseconds - earlier_nanoseconds};
    for (DomainRef domain = domain_table.next_from(0); domain; domain = domain_table.next_from(domain->id.value + 1u)) {
        Holding held(domain->control);
        domain->publish_wall_clock();
    }
    return success;
}

} // namespace

HypercallResult hypercall_platform_op(Caller& caller, GuestHandle<xen_platform_op_t> operation) {
    if (!caller.domain.authority.holds(PlatformRight::set_wall_clock)) return Error::not_permitted;
    xen_platform_op_t request;
    TRY_STATUS(operation.read(request));
    if (request.interface_version != XENPF_INTERFACE_VERSION) return Error::access_denied;
    switch (request.cmd) {
    case XENPF_settime32: return set_wall_clock(request.u.settime32);
    case XENPF_settime64:
        if (request.u.settime64.mbz) return Error::invalid;
        return set_wall_clock(request.u.settime64);
    default: return Error::no_system_call;
    }
}

} // namespace skerry
