// SPDX-License-Identifier: MIT
#include "toolstack/domain/xen/xen_hypervisor.h"

#include <minios/control_operations.h>
#include <minios/hypercall.h>

#include <cstdio>
#include <cstring>

namespace skerry::toolstack {
namespace {

using minios::Error;

const char* code_of(Error error) {
    switch (error) {
    case Error::not_permitted:
    case Error::access: return code::refused;
    case Error::no_such_process: return code::not_found;
    case Error::no_memory: return code::no_memory;
    case Error::busy:
    case Error::again: return code::busy;
    case Error::not_implemented: return code::unsupported;
    case Error::invalid: return code::refused;
    default: return code::internal;
    }
}

/// Throws unless the hypercall succeeded.
void check(long result, const std::string& what) {
    if (result >= 0) return;
    const Error error = minios::error_of(result);
    std::string message = what + ": ";
    switch (error) {
    case Error::not_permitted: message += "the toolstack has no right to that"; break;
    case Error::no_such_process: message += "there is no such domain"; break;
    case Error::no_memory: message += "the hypervisor has no memory for it"; break;
    case Error::not_implemented: message += "the hypervisor cannot do that"; break;
    default: message += std::string("the hypervisor answers ") + minios::error_name(error);
    }
    throw Failure(code_of(error), message);
}

std::string domain_text(DomainNumber domain) { return "domain " + std::to_string(domain); }

xen_domctl_t domctl_for(DomainNumber domain, std::uint32_t command) {
    xen_domctl_t operation{};
    operation.cmd = command;
    operation.domain = domain;
    return operation;
}

void operate(xen_domctl_t& operation, DomainNumber domain, const char* what) {
    check(minios::hypercall::domctl(operation), std::string(what) + " " + domain_text(domain));
}

void operate(xen_sysctl_t& operation, const char* what) { check(minios::hypercall::sysctl(operation), what); }

DomainState state_of(const xen_domctl_getdomaininfo_t& info) {
    DomainState state;
    state.id = info.domain;
    state.dying = info.flags & XEN_DOMINF_dying;
    state.shut_down = info.flags & XEN_DOMINF_shutdown;
    state.paused = info.flags & XEN_DOMINF_paused;
    state.blocked = info.flags & XEN_DOMINF_blocked;
    state.running = info.flags & XEN_DOMINF_running;
    state.shutdown_code = (info.flags >> XEN_DOMINF_shutdownshift) & XEN_DOMINF_shutdownmask;
    state.pages = info.tot_pages;
    state.most_pages = info.max_pages;
    state.cpu_time_ns = info.cpu_time;
    state.vcpus_online = info.nr_online_vcpus;
    state.vcpus = info.max_vcpu_id == XEN_INVALID_MAX_VCPU_ID ? 0 : info.max_vcpu_id + 1;
    std::memcpy(state.handle.data(), info.handle, state.handle.size());
    return state;
}

/// A set of CPUs as the hypervisor reads and writes it: little endian bits.
struct CpuMap {
    std::uint8_t bytes[most_cpus / 8] = {};

    CpuMap() = default;
    explicit CpuMap(const CpuSet& set) {
        for (unsigned cpu = 0; cpu < most_cpus; ++cpu)
            if (set.test(cpu)) bytes[cpu / 8] = static_cast<std::uint8_t>(bytes[cpu / 8] | 1u << (cpu % 8));
    }

    CpuSet set() const {
        CpuSet set;
        for (unsigned cpu = 0; cpu < most_cpus; ++cpu) set.set(cpu, bytes[cpu / 8] >> (cpu % 8) & 1);
        return set;
    }
    void lend(xenctl_bitmap& bitmap) {
        set_xen_guest_handle(bitmap.bitmap, bytes);
        bitmap.nr_bits = most_cpus;
    }
};

unsigned cpu_count() {
    xen_sysctl_t operation{};
    operation.cmd = XEN_SYSCTL_physinfo;
    operate(operation, "asking for the machine");
    return operation.u.physinfo.nr_cpus;
}

/// The hypervisor leaves out CPUs that are not there: a set of all that are is the set of all.
CpuSet widen(CpuSet set, unsigned cpus) {
    for (unsigned cpu = 0; cpu < cpus; ++cpu)
        if (!set.test(cpu)) return set;
    return set.set();
}

using minios::control::GetRights;
using minios::control::platform_rights, minios::control::target_rights;

GetRights get_rights(DomainNumber domain, std::uint32_t ranges_to_pass_over) {
    GetRights request{};
    request.range_count = ranges_to_pass_over;
    auto operation = domctl_for(domain, minios::control::get_rights);
    std::memcpy(&operation.u, &request, sizeof request);
    operate(operation, domain, "asking for the rights of");
    std::memcpy(&request, &operation.u, sizeof request);
    return request;
}

/// "irqs 4", "ioports 0x3f8-0x3ff", "iomem 0xfed00000-0xfed00fff"
std::string range_text(std::uint64_t kind, std::uint64_t first, std::uint64_t last) {
    constexpr const char* kinds[] = {"ioports", "irqs", "iomem"};
    if (kind == 2) { // frames
        first <<= 12;
        last = last << 12 | 0xfff;
    }
    const auto number = [&](std::uint64_t value) {
        char text[32];
        std::snprintf(text, sizeof text, kind == 1 ? "%llu" : "0x%llx", static_cast<unsigned long long>(value));
        return std::string(text);
    };
    const std::string text = std::string(kind < std::size(kinds) ? kinds[kind] : "?") + " " + number(first);
    return last == first ? text : text + "-" + number(last);
}

} // namespace

std::vector<DomainState> XenHypervisor::domains() {
    constexpr unsigned at_once = 64;
    static xen_domctl_getdomaininfo_t infos[at_once]; // data is present memory, which the hypervisor can write to
    std::vector<DomainState> all;
    for (std::uint32_t first = 0;;) {
        xen_sysctl_t operation{};
        operation.cmd = XEN_SYSCTL_getdomaininfolist;
        auto& request = operation.u.getdomaininfolist;
        request.first_domain = static_cast<domid_t>(first);
        request.max_domains = at_once;
        set_xen_guest_handle(request.buffer, infos);
        operate(operation, "listing domains");
        for (unsigned i = 0; i < request.num_domains; ++i) all.push_back(state_of(infos[i]));
        if (request.num_domains < at_once) return all;
        first = all.back().id + 1u;
    }
}

Machine XenHypervisor::machine() {
    Machine machine;
    xen_sysctl_t operation{};
    operation.cmd = XEN_SYSCTL_physinfo;
    operate(operation, "asking for the machine");
    machine.cpus = operation.u.physinfo.nr_cpus;
    machine.cpu_khz = operation.u.physinfo.cpu_khz;
    machine.pages = operation.u.physinfo.total_pages;
    machine.free_pages = operation.u.physinfo.free_pages;

    std::vector<xen_sysctl_cpuinfo_t> cpus(machine.cpus); // written by the constructor, so the memory is there
    operation = {};
    operation.cmd = XEN_SYSCTL_getcpuinfo;
    operation.u.getcpuinfo.max_cpus = machine.cpus;
    set_xen_guest_handle(operation.u.getcpuinfo.info, cpus.data());
    operate(operation, "asking for the processors");
    for (unsigned cpu = 0; cpu < operation.u.getcpuinfo.nr_cpus; ++cpu) machine.idle_ns.push_back(cpus[cpu].idletime);

    const long version = minios::hypercall::xen_version(XENVER_version, nullptr);
    check(version, "asking for the version");
    machine.version = std::to_string(version >> 16) + "." + std::to_string(version & 0xffff);
    xen_extraversion_t extra{};
    if (minios::hypercall::xen_version(XENVER_extraversion, &extra) >= 0)
        machine.version.append(extra, strnlen(extra, sizeof extra));
    static xen_capabilities_info_t capabilities;
    if (minios::hypercall::xen_version(XENVER_capabilities, &capabilities) >= 0)
        machine.capabilities.assign(capabilities, strnlen(capabilities, sizeof capabilities));
    static xen_commandline_t options;
    if (minios::hypercall::xen_version(XENVER_commandline, &options) >= 0)
        machine.options.assign(options, strnlen(options, sizeof options));
    return machine;
}

LogPart XenHypervisor::read_log(std::uint32_t position) {
    static char text[4096];
    xen_sysctl_t operation{};
    operation.cmd = XEN_SYSCTL_readconsole;
    auto& request = operation.u.readconsole;
    request.incremental = 1;
    request.index = position;
    request.count = sizeof text;
    set_xen_guest_handle(request.buffer, text);
    operate(operation, "reading the hypervisor's log");
    return {std::string(text, request.count < sizeof text ? request.count : sizeof text), request.index};
}

void XenHypervisor::pause(DomainNumber domain) {
    auto operation = domctl_for(domain, XEN_DOMCTL_pausedomain);
    operate(operation, domain, "pausing");
}
void XenHypervisor::unpause(DomainNumber domain) {
    auto operation = domctl_for(domain, XEN_DOMCTL_unpausedomain);
    operate(operation, domain, "unpausing");
}
void XenHypervisor::destroy(DomainNumber domain) {
    auto operation = domctl_for(domain, XEN_DOMCTL_destroydomain);
    operate(operation, domain, "destroying");
}
void XenHypervisor::shut_down(DomainNumber domain, ShutdownReason reason) {
    sched_remote_shutdown_t request{};
    request.domain_id = domain;
    request.reason = static_cast<unsigned>(reason);
    check(minios::hypercall::sched_op(SCHEDOP_remote_shutdown, &request), "ending " + domain_text(domain));
}
void XenHypervisor::set_handle(DomainNumber domain, const std::array<std::uint8_t, 16>& handle) {
    auto operation = domctl_for(domain, XEN_DOMCTL_setdomainhandle);
    std::memcpy(operation.u.setdomainhandle.handle, handle.data(), handle.size());
    operate(operation, domain, "marking");
}
void XenHypervisor::set_most_memory(DomainNumber domain, std::uint64_t kib) {
    auto operation = domctl_for(domain, XEN_DOMCTL_max_mem);
    operation.u.max_mem.max_memkb = kib;
    operate(operation, domain, "limiting the memory of");
}

Scheduling XenHypervisor::scheduling(DomainNumber domain) {
    auto operation = domctl_for(domain, XEN_DOMCTL_scheduler_op);
    operation.u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT;
    operation.u.scheduler_op.cmd = XEN_DOMCTL_SCHEDOP_getinfo;
    operate(operation, domain, "asking for the scheduling of");
    return {operation.u.scheduler_op.u.credit.weight, operation.u.scheduler_op.u.credit.cap};
}

void XenHypervisor::set_scheduling(DomainNumber domain, const Scheduling& wish) {
    auto operation = domctl_for(domain, XEN_DOMCTL_scheduler_op);
    operation.u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT;
    operation.u.scheduler_op.cmd = XEN_DOMCTL_SCHEDOP_putinfo;
    operation.u.scheduler_op.u.credit.weight = static_cast<std::uint16_t>(wish.weight);
    operation.u.scheduler_op.u.credit.cap = static_cast<std::uint16_t>(wish.cap);
    operate(operation, domain, "setting the scheduling of");
}

VcpuState XenHypervisor::vcpu(DomainNumber domain, unsigned vcpu) {
    auto operation = domctl_for(domain, XEN_DOMCTL_getvcpuinfo);
    operation.u.getvcpuinfo.vcpu = vcpu;
    operate(operation, domain, "asking for a vCPU of");
    VcpuState state;
    state.online = operation.u.getvcpuinfo.online;
    state.blocked = operation.u.getvcpuinfo.blocked;
    state.running = operation.u.getvcpuinfo.running;
    state.cpu_time_ns = operation.u.getvcpuinfo.cpu_time;
    state.cpu = operation.u.getvcpuinfo.cpu;

    CpuMap hard, soft;
    operation = domctl_for(domain, XEN_DOMCTL_getvcpuaffinity);
    operation.u.vcpuaffinity.vcpu = vcpu;
    operation.u.vcpuaffinity.flags = XEN_VCPUAFFINITY_HARD | XEN_VCPUAFFINITY_SOFT;
    hard.lend(operation.u.vcpuaffinity.cpumap_hard);
    soft.lend(operation.u.vcpuaffinity.cpumap_soft);
    operate(operation, domain, "asking where a vCPU may run of");
    const unsigned cpus = cpu_count();
    state.hard = widen(hard.set(), cpus);
    state.soft = widen(soft.set(), cpus);
    return state;
}

void XenHypervisor::set_affinity(DomainNumber domain, unsigned vcpu, const CpuSet* hard, const CpuSet* soft) {
    CpuMap hard_map(hard != nullptr ? *hard : CpuSet{}), soft_map(soft != nullptr ? *soft : CpuSet{});
    auto operation = domctl_for(domain, XEN_DOMCTL_setvcpuaffinity);
    operation.u.vcpuaffinity.vcpu = vcpu;
    operation.u.vcpuaffinity.flags =
        (hard != nullptr ? XEN_VCPUAFFINITY_HARD : 0u) | (soft != nullptr ? XEN_VCPUAFFINITY_SOFT : 0u);
    hard_map.lend(operation.u.vcpuaffinity.cpumap_hard);
    soft_map.lend(operation.u.vcpuaffinity.cpumap_soft);
    operate(operation, domain, "pinning a vCPU of");
}

/// The hypervisor keeps rights over a domain with that domain: what one holds is found by asking for all.
Rights XenHypervisor::rights(DomainNumber domain) {
    Rights rights;
    const GetRights own = get_rights(domain, 0);
    rights.everything = own.platform == UINT32_MAX;
    for (std::size_t right = 0; right < std::size(platform_rights) && !rights.everything; ++right)
        if (own.platform >> right & 1) rights.platform.emplace_back(platform_rights[right]);
    for (std::uint32_t passed = 0; passed < own.range_count;) {
        const GetRights part = get_rights(domain, passed);
        for (const auto& range : part.ranges)
            if (passed < own.range_count) {
                rights.resources.push_back(range_text(range.kind, range.first, range.last));
                ++passed;
            }
    }
    for (const DomainState& state : domains()) {
        if (state.dying) continue;
        const GetRights over = get_rights(state.id, 0);
        for (std::uint32_t i = 0; i < over.holder_count && i < std::size(over.holders); ++i) {
            if (over.holders[i].id != domain) continue;
            Rights::Target target{state.id, {}};
            for (std::size_t right = 0; right < std::size(target_rights); ++right)
                if (over.holders[i].rights >> right & 1)
                    target.rights.push_back(std::string(target_rights[right]) +
                                            (over.holders[i].to_pass_on >> right & 1 ? " (to pass on)" : ""));
            rights.targets.push_back(std::move(target));
        }
    }
    return rights;
}

} // namespace skerry::toolstack
