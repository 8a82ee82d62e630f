// SPDX-License-Identifier: MIT
// What concerns the machine, for whoever holds the right. platform_op: of its settings, the wall clock, and its CPUs'
// numbers (<xen/platform.h>). console_io: its console, while xen-core owns the UART. physdev_op: physical interrupt
// lines, I/O privilege, PCI devices announced (<xen/physdev.h>). sysctl: inspecting it (<xen/sysctl.h>): the log, CPUs,
// memory, domains.
#include "arch/x86_64/apic.h"
#include "arch/x86_64/console.h"
#include "hypercalls/dispatch.h"

namespace skerry {
namespace {

// It was `time.secs` since 1970 and `time.nsecs` when the system time was `time.system_time`.
Status set_wall_clock(const auto& time) {
    if (time.nsecs >= nanoseconds_per_second || time.secs >= UINT64_MAX / nanoseconds_per_second) return Error::invalid;
    uint64_t since_1970 = time.secs * nanoseconds_per_second + time.nsecs, at_start = since_1970 - time.system_time;
    if (since_1970 < time.system_time) return Error::invalid;
    wall_clock_at_start = {at_start / nanoseconds_per_second, static_cast<uint32_t>(at_start % nanoseconds_per_second)};
    for (DomainRef domain = domain_table.next_from(0); domain; domain = domain_table.next_from(domain->id.value + 1u)) {
        Holding held(domain->control);
        domain->publish_wall_clock();
    }
    return success;
}

// Kernels name their CPUs, and take these for packages, cores and threads, by the numbers that they find here.
void describe_cpu(xenpf_pcpuinfo& info) {
    uint32_t cpu = info.xen_cpuid, count = online_cpus.count();
    info = {cpu, count - 1, XEN_PCPU_FLAGS_INVALID, info.apic_id, info.acpi_id};
    if (cpu < count) info = {cpu, count - 1, XEN_PCPU_FLAGS_ONLINE, apic_ids[cpu], acpi_ids[cpu]};
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

// --- physdev_op ---

Status map_pirq(Caller& caller, physdev_map_pirq_t& request) {
    DomainRef domain = TRY(controlled_domain(caller, request.domid));
    // Message-signalled interrupts are not yet routed to domains.
    if (request.type != MAP_PIRQ_TYPE_GSI) return Error::not_supported;
    if (request.index < 0 || (request.pirq >= 0 && request.pirq != request.index)) return Error::invalid;
    TRY(domain->pirqs.map(static_cast<uint32_t>(request.index)));
    request.pirq = request.index;
    return success;
}

Status unmap_pirq(Caller& caller, const physdev_unmap_pirq_t& request) {
    return TRY(controlled_domain(caller, request.domid))->pirqs.unmap(static_cast<uint32_t>(request.pirq));
}

Status setup_gsi(Domain& domain, const physdev_setup_gsi_t& request) {
    uint32_t gsi = static_cast<uint32_t>(request.gsi);
    if (!domain.interrupt_lines.contains(gsi)) return Error::not_permitted;
    return configure_line(gsi, {.level = request.triggering != 0, .active_low = request.polarity != 0});
}

Status irq_status(Domain& domain, physdev_irq_status_query_t& request) {
    if (request.irq >= domain.pirqs.limit) return Error::invalid;
    request.flags = line_needs_eoi(request.irq) ? XENIRQSTAT_needs_eoi : 0;
    return success;
}

Status read_apic(Domain& domain, physdev_apic_t& request) {
    TRY(AuthorityCheck::platform(domain, PlatformRight::hardware));
    request.value = TRY(ioapic_read(MachAddr(request.apic_physbase), request.reg));
    return success;
}

// How the kernels of the first years set up a line. The entries are xen-core's own; what counts of one is how the line
// works and the "vector" that line_vector gave, which makes it the domain's to bind. The other registers are ignored,
// as on Xen.
Status write_apic(Domain& domain, const physdev_apic_t& request) {
    TRY(AuthorityCheck::platform(domain, PlatformRight::hardware));
    Result<uint32_t> line = ioapic_line(MachAddr(request.apic_physbase), request.reg);
    if (line.error() == Error::not_found) return success;
    uint32_t gsi = TRY(line), entry = request.value;
    if ((entry & 0xff) != gsi) return success_if(entry & ioapic_entry::masked, Error::invalid);
    TRY(configure_line(
        gsi, {.level = (entry & ioapic_entry::level) != 0, .active_low = (entry & ioapic_entry::active_low) != 0}));
    return domain.pirqs.map(gsi);
}

// What is left of an old call: the "vector" of a line is its own number.
Status line_vector(Domain& domain, physdev_irq& request) {
    if (!domain.interrupt_lines.contains(request.irq) || request.irq >= interrupt_line_count()) return Error::invalid;
    request.vector = request.irq;
    return success;
}

Status finish_line(Domain& domain, const physdev_eoi_t& request) { return domain.pirqs.end_of_interrupt(request.irq); }

Status set_iopl(PvCpuState& cpu, const physdev_set_iopl_t& request) {
    if (request.iopl > 3) return Error::invalid;
    cpu.iopl = static_cast<uint8_t>(request.iopl);
    return success;
}

Status set_io_bitmap(PvCpuState& cpu, const physdev_set_iobitmap_t& request) {
    if (request.nr_ports > max_io_ports) return Error::invalid;
    cpu.io_bitmap = handle_of<uint8_t>(request.bitmap).address().value;
    cpu.io_bitmap_ports = request.nr_ports;
    return success;
}

// --- sysctl ---

Status read_console(Caller& caller, xen_sysctl_readconsole& request) {
    TRY(AuthorityCheck::platform(caller.domain(), PlatformRight::read_log));
    uint64_t position = request.incremental ? request.index : 0;
    auto out = handle_of<char>(request.buffer);
    uint32_t written = 0;
    char chunk[256];
    auto read = [&] {
        return read_console_ring(position, chunk, std::min<size_t>(request.count - written, sizeof(chunk)));
    };
    for (size_t length; (length = read()); written += static_cast<uint32_t>(length))
        TRY(out.write_array(chunk, length, written));
    request.count = written;
    request.index = static_cast<uint32_t>(position);
    if (request.clear) clear_console_ring();
    return success;
}

Status physical_info(xen_sysctl_physinfo& info) {
    info = {};
    info.threads_per_core = info.nr_nodes = 1;
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
    DomainRef domain = domain_table.next_from(request.first_domain);
    for (; domain && found < request.max_domains; domain = domain_table.next_from(domain->id.value + 1u)) {
        xen_domctl_getdomaininfo_t info;
        Holding held(domain->control); // its vCPUs stay
        domain->describe(info);
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

Status inspect(Caller& caller, xen_sysctl_t& request) {
    if (request.cmd == XEN_SYSCTL_readconsole) return read_console(caller, request.u.readconsole);
    TRY(AuthorityCheck::platform(caller.domain(), PlatformRight::inspect));
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

HypercallResult hypercall_platform_op(Caller& caller, GuestHandle<xen_platform_op_t> operation) {
    xen_platform_op_t request;
    TRY(operation.read(request));
    if (request.interface_version != XENPF_INTERFACE_VERSION) return Error::access_denied;
    bool looks = request.cmd == XENPF_get_cpuinfo;
    TRY(AuthorityCheck::platform(caller.domain(), looks ? PlatformRight::hardware : PlatformRight::set_wall_clock));
    switch (request.cmd) {
    case XENPF_settime32: return set_wall_clock(request.u.settime32);
    case XENPF_settime64: return request.u.settime64.mbz ? Status(Error::invalid) : set_wall_clock(request.u.settime64);
    case XENPF_get_cpuinfo: describe_cpu(request.u.pcpu_info); return operation.write(request);
    default: return Error::no_system_call;
    }
}

HypercallResult hypercall_console_io(Caller& caller, uint32_t command, uint32_t count, GuestHandle<char> buffer) {
    TRY(AuthorityCheck::platform(caller.domain(), PlatformRight::write_log));
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

HypercallResult hypercall_physdev_op(Caller& caller, uint32_t command, GuestHandle<void> argument) {
    switch (command) {
    case PHYSDEVOP_eoi: return perform<finish_line>(argument, caller.domain());
    case PHYSDEVOP_IRQ_UNMASK_NOTIFY: caller.domain().pirqs.end_of_interrupts(); return 0; // eoi before 3.2.2
    case PHYSDEVOP_irq_status_query: return perform<irq_status>(argument, caller.domain());
    case PHYSDEVOP_set_iopl: return perform<set_iopl>(argument, caller.vcpu.cpu);
    case PHYSDEVOP_set_iobitmap: return perform<set_io_bitmap>(argument, caller.vcpu.cpu);
    case PHYSDEVOP_apic_read: return perform<read_apic>(argument, caller.domain());
    case PHYSDEVOP_apic_write: return perform<write_apic>(argument, caller.domain());
    case PHYSDEVOP_alloc_irq_vector: return perform<line_vector>(argument, caller.domain());
    case PHYSDEVOP_map_pirq: return perform<map_pirq>(argument, caller);
    case PHYSDEVOP_unmap_pirq: return perform<unmap_pirq>(argument, caller);
    case PHYSDEVOP_setup_gsi: return perform<setup_gsi>(argument, caller.domain());
    // PCI devices among them: without MSI routing and IOMMUs, nothing would be done.
    default: return Error::no_system_call;
    }
}

// The form of interface versions before 3.2.2: the command stands in the structure.
HypercallResult hypercall_physdev_op_compat(Caller& caller, GuestHandle<void> operation) {
    uint32_t command;
    TRY(operation.as<uint32_t>().read(command));
    return hypercall_physdev_op(caller, command, GuestHandle<void>(operation.address() + offsetof(physdev_op_t, u)));
}

HypercallResult hypercall_sysctl(Caller& caller, GuestHandle<xen_sysctl_t> operation) {
    xen_sysctl_t request;
    TRY(operation.read(request));
    if (request.interface_version != XEN_SYSCTL_INTERFACE_VERSION) return Error::access_denied;
    TRY(inspect(caller, request));
    return operation.write(request);
}

} // namespace skerry
