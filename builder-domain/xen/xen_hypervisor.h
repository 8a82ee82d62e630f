// SPDX-License-Identifier: MIT
// Hypervisor as it really is: hypercalls, and a window of address space that minios reserves for us.
#pragma once

#include "builder-domain/create/hypervisor.h"

namespace skerry::builder {

class XenHypervisor final : public Hypervisor {
  public:
    // Panics when minios has no address space left, which a program cannot bring about.
    XenHypervisor();

    long domctl(xen_domctl_t& operation) override;
    long sysctl(xen_sysctl_t& operation) override;
    long memory_op(unsigned command, void* argument) override;
    long mmuext_op(std::span<const mmuext_op_t> operations, DomId domain) override;
    long event_channel_op(int command, void* argument) override;
    long grant_table_op(unsigned command, void* operations, unsigned count) override;
    long physdev_op(int command, void* argument) override;

    long show(DomId domain, std::span<const Mfn> frames) override;
    long hide() override;
    std::byte* window() override { return window_; }

  private:
    std::byte* window_;
    size_t shown_ = 0;                    // entries of the window that may be present
    mmu_update_t requests_[window_pages]; // `ptr` stays: the entry of each page of the window
};

} // namespace skerry::builder
