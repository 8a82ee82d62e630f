// SPDX-License-Identifier: MIT
#include "hypervisor_log.h"

#include <minios/hypercall.h>

namespace skerry::console {

bool HypervisorLog::start() {
    char passed_over[512];
    available_ = true;
    constexpr unsigned most_log = 4u << 20; // no log is longer; bounds the loop
    for (unsigned seen = 0; available_ && seen < most_log; seen += sizeof passed_over)
        if (read(passed_over, sizeof passed_over) == 0)
            break;
    return available_;
}

std::size_t HypervisorLog::read(char* to, std::size_t most) {
    if (!available_)
        return 0;
    xen_sysctl_t operation{};
    operation.cmd = XEN_SYSCTL_readconsole;
    auto& request = operation.u.readconsole;
    request.incremental = 1;
    request.index = position_;
    request.count = static_cast<std::uint32_t>(most);
    set_xen_guest_handle(request.buffer, to);
    if (minios::hypercall::sysctl(operation) < 0) {
        available_ = false;
        return 0;
    }
    position_ = request.index;
    return request.count < most ? request.count : most;
}

} // namespace skerry::console
