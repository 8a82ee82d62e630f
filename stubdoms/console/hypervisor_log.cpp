// SPDX-License-Identifier: MIT
#include "hypervisor_log.h"

#include <minios/hypercall.h>

namespace skerry::console {

bool HypervisorLog::start() {
    available_ = true;
    constexpr std::size_t step = sizeof last_ / 2;
    constexpr unsigned most_log = 4u << 20; // no log is longer; bounds the loop
    for (unsigned seen = 0; available_ && seen < most_log; seen += step) {
        if (last_end_ + step > sizeof last_) {
            __builtin_memmove(last_, last_ + last_end_ - step, step);
            last_end_ = step;
        }
        const std::size_t count = read(last_ + last_end_, step);
        if (count == 0) break;
        last_end_ += count;
    }
    while (last_begin_ < last_end_ && last_[last_begin_++] != '\n') {}
    return available_;
}

std::string_view HypervisorLog::unseen_lines() const {
    std::string_view lines = last_lines();
    const std::size_t hand_over = lines.rfind("the serial line goes to domain ");
    if (hand_over == lines.npos) return {};
    lines.remove_prefix(hand_over);
    const std::size_t end = lines.find('\n');
    if (end == lines.npos) return {};
    lines.remove_prefix(end + 1);
    return lines;
}

std::size_t HypervisorLog::read(char* to, std::size_t most) {
    if (!available_) return 0;
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
