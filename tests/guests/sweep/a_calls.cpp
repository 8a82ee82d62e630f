// SPDX-License-Identifier: MIT
// Every hypercall and operation with an argument at every kind of place, zeroed and filled with ones.
#include "sweep/sweep.h"

#include <initializer_list>
#include <xen/callback.h>
#include <xen/nmi.h>
#include <xen/platform.h>

using namespace skerry::guest;

namespace {

bool is_one_of(unsigned number, std::initializer_list<unsigned> list) {
    for (const unsigned one : list)
        if (one == number) return true;
    return false;
}

// Operations 0 to `last` of a hypercall with (command, argument); `filled_out` names those whose zeros or ones would
// end the guest or stop it for good.
void sweep_commands(const char* name, unsigned number, unsigned last, std::initializer_list<unsigned> filled_out = {}) {
    for (unsigned command = 0; command <= last; command++) {
        if (number == __HYPERVISOR_sched_op && command == SCHEDOP_block) continue;
        Row row(name, command);
        at_every_place(
            row, [=](uint64_t at) { return hypercall(number, command, at, 0); },
            is_one_of(command, filled_out) ? without_zeros | without_ones : all);
    }
    Row row(name, ~0UL);
    at_every_place(row, [=](uint64_t at) { return hypercall(number, ~0U, at, 0); });
}

} // namespace

GUEST_CASE(numbers) {
    Row row("number");
    for (const unsigned number : {11u, 27u, 31u, 34u, 37u, 38u, 39u, 40u, 41u, 42u, 43u, 44u, 45u, 46u,
                                  47u, 48u, 49u, 50u, 51u, 52u, 53u, 54u, 55u, 56u, 57u, 60u, 63u})
        result(row, number, [=] { return hypercall(number, 0, 0, 0, 0, 0); });
}
GUEST_CASE(versions) { sweep_commands("xen_version", __HYPERVISOR_xen_version, 13); }
GUEST_CASE(memory) {
    for (unsigned command = 0; command <= 63; command++) {
        Row row("memory_op", command);
        at_every_place(row, [=](uint64_t at) { return hypercall(__HYPERVISOR_memory_op, command, at); });
    }
    // With the progress of a call that was never made.
    for (const unsigned command : {0u, 1u, 2u, 5u, 6u, 7u, 9u, 11u, 12u, 23u}) {
        Row row("memory_op with progress", command);
        at_every_place(row, [=](uint64_t at) { return hypercall(__HYPERVISOR_memory_op, command | 3 << 6, at); });
    }
}
GUEST_CASE(events) {
    sweep_commands("event_channel_op", __HYPERVISOR_event_channel_op, 15);
    for (unsigned command = 0; command <= 15; command++) {
        Row row("event_channel_op_compat", command);
        fill_places();
        *reinterpret_cast<uint32_t*>(zeros) = *reinterpret_cast<uint32_t*>(ones) = command;
        result(row, "zeros", [] { return hypercall(__HYPERVISOR_event_channel_op_compat, zeros); });
        result(row, "ones", [] { return hypercall(__HYPERVISOR_event_channel_op_compat, ones); });
    }
    Row row("event_channel_op_compat");
    at_every_place(row, [](uint64_t at) { return hypercall(__HYPERVISOR_event_channel_op_compat, at); });
}
GUEST_CASE(scheduling) {
    sweep_commands("sched_op", __HYPERVISOR_sched_op, 9,
                   {SCHEDOP_shutdown, SCHEDOP_watchdog, SCHEDOP_poll, SCHEDOP_remote_shutdown, SCHEDOP_shutdown_code});
}
GUEST_CASE(vcpus) {
    for (const unsigned vcpu : {0u, 1u, 2u, 8191u, ~0u}) {
        for (unsigned command = 0; command <= 14; command++) {
            if (vcpu == 0 && (command == VCPUOP_down || command == VCPUOP_send_nmi)) continue;
            char name[] = "vcpu_op of 0";
            name[11] = vcpu < 3 ? static_cast<char>('0' + vcpu) : vcpu == ~0u ? 'x' : 'n';
            Row row(name, command);
            at_every_place(
                row, [=](uint64_t at) { return hypercall(__HYPERVISOR_vcpu_op, command, vcpu, at); },
                command == VCPUOP_initialise && vcpu != 0 ? without_ones | without_zeros : all);
        }
    }
    vcpu_op(VCPUOP_stop_periodic_timer, 0, nullptr);
    vcpu_op(VCPUOP_stop_singleshot_timer, 0, nullptr);
}
GUEST_CASE(callbacks) {
    for (const unsigned command : {0u, 1u, 2u, ~0u}) {
        Row row("callback_op", command);
        at_every_place(row, [=](uint64_t at) { return hypercall(__HYPERVISOR_callback_op, command, at); });
        install_traps();
    }
    for (unsigned type = 0; type < 9; type++) {
        for (const uint16_t flags : {0, 1, 2, 0xffff}) {
            Row row("callback register", type << 4 | (flags & 15));
            for (const uint64_t address : {0UL, 0x1000UL, 0x1000000000000000UL, 0xffff830000000000UL})
                result(row, address, [=] {
                    callback_register call{static_cast<uint16_t>(type), flags, address};
                    return hypercall(__HYPERVISOR_callback_op, CALLBACKOP_register, &call);
                });
        }
        Row row("callback unregister", type);
        result(row, "result", [=] {
            callback_unregister call{static_cast<uint16_t>(type), 0};
            return hypercall(__HYPERVISOR_callback_op, CALLBACKOP_unregister, &call);
        });
    }
    install_traps();
    sweep_commands("nmi_op", __HYPERVISOR_nmi_op, 3);
    hypercall(__HYPERVISOR_nmi_op, XENNMI_unregister_callback, nullptr);
    Row row("set_callbacks");
    for (const uint64_t bad : {0x1000000000000000UL, 0xffff830000000000UL, 0UL}) {
        result(row, bad, [=] { return hypercall(__HYPERVISOR_set_callbacks, bad, &failsafe_entry, &syscall_entry); });
        result(row, bad + 1, [=] { return hypercall(__HYPERVISOR_set_callbacks, &event_entry, bad, &syscall_entry); });
        result(row, bad + 2, [=] { return hypercall(__HYPERVISOR_set_callbacks, &event_entry, &failsafe_entry, bad); });
    }
    install_traps();
}
GUEST_CASE(trap_tables) {
    {
        Row row("set_trap_table");
        at_every_place(row, [](uint64_t at) {
            const long result = hypercall(__HYPERVISOR_set_trap_table, at);
            install_traps();
            return result;
        });
    }
    for (const uint64_t address : {1UL, 0x1000000000000000UL, 0xffff830000000000UL}) {
        Row row("set_trap_table of address", address);
        for (const uint16_t cs :
             {uint16_t{0}, uint16_t{3}, uint16_t{FLAT_KERNEL_CS}, uint16_t{0xe008}, uint16_t{0xffff}})
            result(row, cs, [=] {
                trap_info table[2] = {{200, 3, cs, address}, {}};
                return hypercall(__HYPERVISOR_set_trap_table, table);
            });
    }
    install_traps();
}
GUEST_CASE(assists) {
    for (const unsigned command : {0u, 1u, 2u, ~0u}) {
        Row row("vm_assist", command);
        for (const unsigned type : {0u, 1u, 2u, 3u, 4u, 5u, 6u, 31u, 32u, 33u, 63u, 64u, ~0u})
            if (command != VMASST_CMD_enable || (type != VMASST_TYPE_architectural_iopl))
                result(row, type, [=] { return hypercall(__HYPERVISOR_vm_assist, command, type); });
    }
}
GUEST_CASE(debug_registers) {
    Row row("get_debugreg");
    for (const unsigned index : {0u, 1u, 2u, 3u, 4u, 5u, 6u, 7u, 8u, ~0u})
        result(row, index, [=] { return hypercall(__HYPERVISOR_get_debugreg, index); });
    for (unsigned index = 0; index < 9; index++) {
        Row row("set_debugreg", index);
        for (const uint64_t value :
             {0UL, 1UL, 0x400UL, 0x2000UL, 0xf0fUL, 0x1000000000000000UL, 0xffff800000000000UL, 0xffff830000000000UL,
              0xffff880000000000UL, 0x100000000UL, ~0UL, 0x20000UL, 0x55UL, 0x100UL, 0x300UL}) {
            result(row, value, [=] { return hypercall(__HYPERVISOR_set_debugreg, index, value); });
            result(row, ".then", [=] { return hypercall(__HYPERVISOR_get_debugreg, index); });
        }
        hypercall(__HYPERVISOR_set_debugreg, index, 0);
    }
    hypercall(__HYPERVISOR_set_debugreg, 7, 0);
}
GUEST_CASE(consoles) {
    for (const unsigned command : {1u, 2u, ~0u}) {
        Row row("console_io", command);
        for (const unsigned count : {0u, 1u, ~0u})
            for (const Place& place : places)
                if (count <= 1 && command != 0)
                    result(row, place.name,
                           [=] { return hypercall(__HYPERVISOR_console_io, command, count, place.address); });
    }
    Row row("console write");
    for (unsigned i = 0; i < zeros_place - 1; i++)
        if (i != 5 && i != 6)
            result(row, places[i].name,
                   [=] { return hypercall(__HYPERVISOR_console_io, CONSOLEIO_write, 1, places[i].address); });
    result(row, "nothing", [] { return hypercall(__HYPERVISOR_console_io, CONSOLEIO_write, 0, 0); });
}
GUEST_CASE(physical_devices) {
    sweep_commands("physdev_op", __HYPERVISOR_physdev_op, 33);
    physdev_set_iopl level{0};
    hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, &level);
    for (unsigned command = 0; command <= 33; command++) {
        Row row("physdev_op_compat", command);
        fill_places();
        *reinterpret_cast<uint32_t*>(zeros) = *reinterpret_cast<uint32_t*>(ones) = command;
        result(row, "zeros", [] { return hypercall(__HYPERVISOR_physdev_op_compat, zeros); });
        result(row, "ones", [] { return hypercall(__HYPERVISOR_physdev_op_compat, ones); });
    }
    hypercall(__HYPERVISOR_physdev_op, PHYSDEVOP_set_iopl, &level);
}
GUEST_CASE(grants) {
    for (unsigned command = 0; command <= 14; command++) {
        for (const unsigned count : {0u, 1u, 2u, 0x80000000u, ~0u}) {
            Row row("grant_table_op", command << 8 | (count & 15));
            at_every_place(
                row, [=](uint64_t at) { return hypercall(__HYPERVISOR_grant_table_op, command, at, count); },
                count > 2 ? without_ones | without_zeros : all);
        }
    }
    gnttab_set_version version{1};
    grant_op(GNTTABOP_set_version, &version, 1);
}
GUEST_CASE(platform) {
    {
        Row row("platform_op");
        at_every_place(row, [](uint64_t at) { return hypercall(__HYPERVISOR_platform_op, at); });
    }
    for (unsigned command = 0; command <= 70; command++) {
        if (is_one_of(command, {XENPF_microcode_update, XENPF_enter_acpi_sleep, XENPF_cpu_offline, XENPF_cpu_hotadd,
                                XENPF_mem_hotadd, XENPF_core_parking, XENPF_change_freq}))
            continue;
        Row row("platform_op", command);
        for (const bool is_filled : {false, true}) {
            fill_places();
            auto* call = reinterpret_cast<xen_platform_op_t*>(is_filled ? ones : zeros);
            call->cmd = command;
            call->interface_version = XENPF_INTERFACE_VERSION;
            result(row, is_filled ? "ones" : "zeros", [=] { return hypercall(__HYPERVISOR_platform_op, call); });
        }
    }
}
GUEST_CASE(processors) {
    Row row("platform cpu");
    for (const unsigned cpu : {0u, 1u, 2u, 255u, ~0u}) {
        xen_platform_op_t call{};
        call.cmd = XENPF_get_cpuinfo;
        call.interface_version = XENPF_INTERFACE_VERSION;
        call.u.pcpu_info = {cpu, 77, 77, 77, 77};
        result(row, cpu, [&] { return hypercall(__HYPERVISOR_platform_op, &call); });
        row.add(".last", call.u.pcpu_info.max_present).add(".flags", call.u.pcpu_info.flags);
        row.add(".apic", call.u.pcpu_info.apic_id).add(".acpi", call.u.pcpu_info.acpi_id);
    }
}
GUEST_CASE(machine) {
    {
        Row row("sysctl");
        at_every_place(row, [](uint64_t at) { return hypercall(__HYPERVISOR_sysctl, at); });
    }
    for (unsigned command = 0; command <= 32; command++) {
        if (command == XEN_SYSCTL_cpu_hotplug) continue;
        Row row("sysctl", command);
        for (const bool is_filled : {false, true}) {
            fill_places();
            auto* call = reinterpret_cast<xen_sysctl_t*>(is_filled ? ones : zeros);
            call->cmd = command;
            call->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
            result(row, is_filled ? "ones" : "zeros", [=] { return hypercall(__HYPERVISOR_sysctl, call); });
        }
    }
}
GUEST_CASE(domains) {
    {
        Row row("domctl");
        at_every_place(row, [](uint64_t at) { return hypercall(__HYPERVISOR_domctl, at); });
    }
    xen_domctl limit{};
    limit.cmd = XEN_DOMCTL_max_mem;
    limit.domain = 0;
    limit.u.max_mem.max_memkb = 0xffffffffUL << 2;
    for (unsigned command = 0; command <= 1004; command++) {
        if (command > 88 && command < 1000) continue;
        if (command == XEN_DOMCTL_sendtrigger) continue;
        Row row("domctl", command);
        for (const unsigned domain :
             {0u, 77u, unsigned{DOMID_SELF}, unsigned{DOMID_IO}, unsigned{DOMID_XEN}, unsigned{DOMID_COW}, 0xffffu}) {
            fill_places();
            auto* call = reinterpret_cast<xen_domctl_t*>(zeros);
            call->cmd = command;
            call->domain = static_cast<domid_t>(domain);
            result(row, domain, [=] { return domctl(*call); });
        }
        fill_places();
        auto* call = reinterpret_cast<xen_domctl_t*>(ones);
        call->cmd = command;
        call->domain = 0;
        result(row, "ones", [=] { return domctl(*call); });
        domctl(limit);
    }
}
GUEST_CASE(others) {
    sweep_commands("xsm_op", __HYPERVISOR_xsm_op, 2);
    sweep_commands("xenoprof_op", __HYPERVISOR_xenoprof_op, 3);
    sweep_commands("hvm_op", __HYPERVISOR_hvm_op, 26);
    sweep_commands("argo_op", __HYPERVISOR_argo_op, 5);
    sweep_commands("xenpmu_op", __HYPERVISOR_xenpmu_op, 6);
    sweep_commands("dm_op", __HYPERVISOR_dm_op, 2);
    sweep_commands("hypfs_op", __HYPERVISOR_hypfs_op, 4);
}
