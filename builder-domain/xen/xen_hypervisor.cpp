// SPDX-License-Identifier: MIT
#include "builder-domain/xen/xen_hypervisor.h"

#include <minios/minios.h>

#include <algorithm>

namespace skerry::builder {
namespace {

namespace hypercall = minios::hypercall;

// Page-table entry: present, writable, reachable, accessed, dirty, not executable.
constexpr uint64_t window_entry = (uint64_t{1} << 63) | 0x67;

} // namespace

XenHypervisor::XenHypervisor() {
    auto reserved = minios::mapping::reserve(window_pages);
    MINIOS_ASSERT(reserved.ok());
    window_ = static_cast<std::byte*>(*reserved);
    for (size_t i = 0; i < window_pages; ++i) {
        uint64_t location = minios::page_table::entry_location(window_ + i * minios::page_size, true);
        MINIOS_ASSERT(location != 0);
        requests_[i].ptr = location | MMU_NORMAL_PT_UPDATE;
    }
}

long XenHypervisor::domctl(xen_domctl_t& operation) { return hypercall::domctl(operation); }

long XenHypervisor::sysctl(xen_sysctl_t& operation) { return hypercall::sysctl(operation); }

long XenHypervisor::memory_op(unsigned command, void* argument) { return hypercall::memory_op(command, argument); }

long XenHypervisor::mmuext_op(std::span<const mmuext_op_t> operations, DomId domain) {
    return hypercall::mmuext_op(operations.data(), static_cast<unsigned>(operations.size()), nullptr, domain.value);
}

long XenHypervisor::event_channel_op(int command, void* argument) {
    return hypercall::event_channel_op(command, argument);
}

long XenHypervisor::grant_table_op(unsigned command, void* operations, unsigned count) {
    return hypercall::grant_table_op(command, operations, count);
}

long XenHypervisor::physdev_op(int command, void* argument) { return hypercall::physdev_op(command, argument); }

long XenHypervisor::show(DomId domain, std::span<const Mfn> frames) {
    MINIOS_ASSERT(frames.size() <= window_pages);
    for (size_t i = 0; i < frames.size(); ++i) requests_[i].val = frames[i].value * minios::page_size | window_entry;
    shown_ = std::max(shown_, frames.size());
    long result = hypercall::mmu_update(requests_, static_cast<unsigned>(frames.size()), nullptr, domain.value);
    if (result < 0) return result;
    // Entries that were present before may still be cached.
    mmuext_op_t flush{};
    flush.cmd = MMUEXT_TLB_FLUSH_LOCAL;
    return hypercall::mmuext_op(&flush, 1, nullptr);
}

long XenHypervisor::hide() {
    if (shown_ == 0) return 0;
    for (size_t i = 0; i < shown_; ++i) requests_[i].val = 0;
    long result = hypercall::mmu_update(requests_, static_cast<unsigned>(shown_), nullptr);
    if (result >= 0) shown_ = 0;
    return result;
}

} // namespace skerry::builder
