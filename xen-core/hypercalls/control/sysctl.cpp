// SPDX-License-Identifier: MIT
// sysctl: inspecting the machine (<xen/sysctl.h>): the log, CPUs, memory, domains.
#include "arch/x86_64/console.h"
#include "arch/x86_64/time.h"
#include "hypercalls/control/describe_domain.h"

#include <algorithm>

namespace skerry {
namespace {

Status read_console(Caller& caller, xen_sysctl_readconsole& request) {
    TRY(AuthorityCheck::platform(caller.domain, PlatformRight::read_log));
    uint64_t position = request.incremental ? request.index : 0;
    auto out = handle_of<char>(request.buffer);
    uint32_t written = 0;
    char chunk[256];
    while (written < request.count) {
        size_t length = read_console_ring(position, chunk, std::min<size_t>(request.count - written, sizeof(chunk)));
        if (length == 0) break;
        TRY(out.write_array(chunk, length, written));
        written += static_cast<uint32_t>(length);
    }
    request.count = written;
    request.index = static_cast<uint32_t>(position);
    if (request.clear) clear_console_ring();
    return success;
}

Status physical_info(xen_sysctl_physinfo& info) {
    info = {};
    info.threads_per_core = 1;
    info.nr_nodes = 1;
    info.cores_per_socket = info.nr_cpus = online_cpus.count();
    info.max_cpu_id = info.nr_cpus - 1;
    info.cpu_khz = static_cast<uint32_t>(tsc_hertz / 1000);
    info.capabilities = XEN_SYSCTL_PHYSCAP_pv | XEN_SYSCTL_PHYSCAP_gnttab_v1 | XEN_SYSCTL_PHYSCAP_gnttab_v2;
    domain_table.reap(); // what they held is free
    info.total_pages = allocator.total_frames();
    info.free_pages = allocator.free_frames();
    info.max_mfn = max_mfn().value;
    return success;
}

Status list_domains(xen_sysctl_getdomaininfolist& request) {
    domain_table.reap();
    auto out = handle_of<xen_domctl_getdomaininfo_t>(request.buffer);
    uint32_t found = 0;
    for (uint32_t from = request.first_domain; found < request.max_domains;) {
        DomainRef domain = domain_table.next_from(from);
        if (!domain) break;
        from = domain->id.value + 1u;
        xen_domctl_getdomaininfo_t info;
        Holding held(domain->control); // its vCPUs stay
        describe_domain(*domain, info);
        TRY(out.write(info, found++));
    }
    request.num_domains = found;
    return success;
}

Status cpu_info(xen_sysctl_getcpuinfo& request) {
    auto out = handle_of<xen_sysctl_cpuinfo_t>(request.info);
    request.nr_cpus = std::min(request.max_cpus, online_cpus.count());
    for (uint32_t cpu = 0; cpu < request.nr_cpus; ++cpu)
        TRY(out.write({.idletime = scheduler.idle_time(CpuId(cpu))}, cpu));
    return success;
}

Status cpu_topology(xen_sysctl_cputopoinfo& request) {
    auto out = handle_of<xen_sysctl_cputopo_t>(request.cputopo);
    uint32_t count = out.is_null() ? 0 : std::min(request.num_cpus, online_cpus.count());
    for (uint32_t cpu = 0; cpu < count; ++cpu) TRY(out.write({.core = cpu, .socket = 0, .node = 0}, cpu));
    request.num_cpus = online_cpus.count();
    return success;
}

Status operate(Caller& caller, xen_sysctl_t& request) {
    if (request.cmd == XEN_SYSCTL_readconsole) return read_console(caller, request.u.readconsole);
    TRY(AuthorityCheck::platform(caller.domain, PlatformRight::inspect));
    switch (request.cmd) {
    case XEN_SYSCTL_physinfo: return physical_info(request.u.physinfo);
    case XEN_SYSCTL_sched_id: request.u.sched_id.sched_id = XEN_SCHEDULER_CREDIT; return success;
    case XEN_SYSCTL_getdomaininfolist: return list_domains(request.u.getdomaininfolist);
    case XEN_SYSCTL_getcpuinfo: return cpu_info(request.u.getcpuinfo);
    case XEN_SYSCTL_availheap: request.u.availheap.avail_bytes = allocator.free_frames() << page_shift; return success;
    case XEN_SYSCTL_cputopoinfo: return cpu_topology(request.u.cputopoinfo);
    default: return Error::no_system_call;
    }
}

} // namespace

HypercallResult hypercall_sysctl(Caller& caller, GuestHandle<xen_sysctl_t> operation) {
    xen_sysctl_t request;
    TRY(operation.read(request));
    if (request.interface_version != XEN_SYSCTL_INTERFACE_VERSION) return Error::access_denied;
    TRY(operate(caller, request));
    return operation.write(request);
}

} // namespace skerry
