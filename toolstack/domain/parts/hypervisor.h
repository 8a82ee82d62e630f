// SPDX-License-Identifier: MIT
// What the toolstack asks of the hypervisor. All functions throw Failure: `not-found` when the domain is not there,
// `refused` without the right, others for what else the hypervisor says.
#pragma once

#include "toolstack/domain/base/failure.h"

#include <array>
#include <bitset>
#include <vector>

namespace skerry::toolstack {

using DomainNumber = std::uint16_t;
inline constexpr unsigned most_cpus = 128; ///< physical CPUs that affinity can name
using CpuSet = std::bitset<most_cpus>;

/// SHUTDOWN_* of <xen/sched.h>.
enum class ShutdownReason : unsigned {
    power_off = 0,
    reboot = 1,
    suspend = 2,
    crash = 3,
    watchdog = 4,
    soft_reset = 5
};

struct DomainState {
    DomainNumber id = 0;
    bool dying = false, shut_down = false, paused = false, blocked = false, running = false;
    unsigned shutdown_code = 0; ///< when shut_down
    std::uint64_t pages = 0, most_pages = 0;
    std::uint64_t cpu_time_ns = 0;
    unsigned vcpus_online = 0, vcpus = 0;
    std::array<std::uint8_t, 16> handle{};
};

struct VcpuState {
    bool online = false, blocked = false, running = false;
    std::uint64_t cpu_time_ns = 0;
    unsigned cpu = 0; ///< where it runs, or ran last
    CpuSet hard, soft;
};

struct Scheduling {
    unsigned weight = 256; ///< 1 ... 65535
    unsigned cap = 0;      ///< percent of one CPU; 0: none
};

struct Machine {
    std::string version, capabilities, options; ///< the hypervisor's: "4.17", its capabilities, its command line
    unsigned cpus = 0, cpu_khz = 0;
    std::uint64_t pages = 0, free_pages = 0;
    std::vector<std::uint64_t> idle_ns; ///< of each CPU, since the start
};

struct LogPart {
    std::string text;
    std::uint32_t position = 0; ///< where the next part begins
};

/// A domain's authority as the hypervisor keeps it.
struct Rights {
    struct Target {
        DomainNumber domain;
        std::vector<std::string> rights;
    };
    bool everything = false;
    std::vector<std::string> platform; ///< by the names of docs/abi.md
    std::vector<Target> targets;
    std::vector<std::string> resources; ///< "ioports 0x3f8-0x3ff", "irqs 4"
};

class Hypervisor {
  public:
    virtual ~Hypervisor() = default;

    virtual std::vector<DomainState> domains() = 0; ///< by ascending number
    virtual Machine machine() = 0;
    virtual LogPart read_log(std::uint32_t position) = 0;
    virtual Rights rights(DomainNumber domain) = 0;

    virtual void pause(DomainNumber domain) = 0;
    virtual void unpause(DomainNumber domain) = 0;
    virtual void destroy(DomainNumber domain) = 0;
    /// Ends it as if it had asked for it itself.
    virtual void shut_down(DomainNumber domain, ShutdownReason reason) = 0;
    /// Sets the 16 bytes that mark whose domain it is; domains() shows them.
    virtual void set_handle(DomainNumber domain, const std::array<std::uint8_t, 16>& handle) = 0;
    virtual void set_most_memory(DomainNumber domain, std::uint64_t kib) = 0;

    virtual Scheduling scheduling(DomainNumber domain) = 0;
    virtual void set_scheduling(DomainNumber domain, const Scheduling& wish) = 0;
    virtual VcpuState vcpu(DomainNumber domain, unsigned vcpu) = 0;
    /// nullptr: as it is.
    virtual void set_affinity(DomainNumber domain, unsigned vcpu, const CpuSet* hard, const CpuSet* soft) = 0;
};

} // namespace skerry::toolstack
