// SPDX-License-Identifier: MIT
// Hypervisor by hypercalls: domctl, sysctl, sched_op, xen_version.
#pragma once

#include "toolstack/domain/parts/hypervisor.h"

namespace skerry::toolstack {

class XenHypervisor final : public Hypervisor {
  public:
    std::vector<DomainState> domains() override;
    Machine machine() override;
    LogPart read_log(std::uint32_t position) override;
    Rights rights(DomainNumber domain) override;

    void pause(DomainNumber domain) override;
    void unpause(DomainNumber domain) override;
    void destroy(DomainNumber domain) override;
    void shut_down(DomainNumber domain, ShutdownReason reason) override;
    void set_handle(DomainNumber domain, const std::array<std::uint8_t, 16>& handle) override;
    void set_most_memory(DomainNumber domain, std::uint64_t kib) override;

    Scheduling scheduling(DomainNumber domain) override;
    void set_scheduling(DomainNumber domain, const Scheduling& wish) override;
    VcpuState vcpu(DomainNumber domain, unsigned vcpu) override;
    void set_affinity(DomainNumber domain, unsigned vcpu, const CpuSet* hard, const CpuSet* soft) override;
};

} // namespace skerry::toolstack
