// SPDX-License-Identifier: MIT
// Every hypercall of the ABI (<xen/xen.h>, __HYPERVISOR_*), in one list: number, name, the right it needs (checked
// where the "by operation" calls decode theirs), and its typed parameters in register order. The dispatcher, the
// handlers' declarations and docs/abi.md are made from this list.
#pragma once

#include "memory/guest_copy.h"

#include <xen/callback.h>
#include <xen/nmi.h>
#include <xen/platform.h>
#include <xen/sysctl.h>
#include <xen/version.h>

// X(number, name, right, parameters...); ABSENT(number, name, parameters...): a feature that this hypervisor does not
// have, so the call fails as in Xen built without it.
#define SKERRY_HYPERCALLS(X, ABSENT)                                                                                   \
    X(0, set_trap_table, "own vCPU", GuestHandle<trap_info_t> table)                                                   \
    X(1, mmu_update, "own frames, or map_memory over the other domain", GuestHandle<mmu_update_t> requests,            \
      uint32_t count, GuestHandle<uint32_t> done, uint32_t foreign)                                                    \
    X(2, set_gdt, "own vCPU", GuestHandle<xen_ulong_t> frames, uint32_t entries)                                       \
    X(3, stack_switch, "own vCPU", uint64_t stack_segment, uint64_t stack_pointer)                                     \
    X(4, set_callbacks, "own vCPU", uint64_t event, uint64_t failsafe, uint64_t syscall)                               \
    X(5, fpu_taskswitch, "own vCPU", int32_t set)                                                                      \
    X(6, sched_op_compat, "own vCPU", int32_t operation, uint64_t argument)                                            \
    X(7, platform_op, "platform", GuestHandle<xen_platform_op_t> operation)                                            \
    X(8, set_debugreg, "own vCPU", int32_t index, uint64_t value)                                                      \
    X(9, get_debugreg, "own vCPU", int32_t index)                                                                      \
    X(10, update_descriptor, "own frames", uint64_t machine_address, uint64_t descriptor)                              \
    X(12, memory_op, "by operation", uint32_t operation, GuestHandle<void> argument)                                   \
    X(13, multicall, "each entry its own", GuestHandle<multicall_entry_t> calls, uint32_t count)                       \
    X(14, update_va_mapping, "own frames", uint64_t address, uint64_t entry, uint64_t flags)                           \
    X(15, set_timer_op, "own vCPU", int64_t deadline)                                                                  \
    X(16, event_channel_op_compat, "own channels", GuestHandle<void> operation)                                        \
    X(17, xen_version, "none", uint32_t command, GuestHandle<void> argument)                                           \
    X(18, console_io, "console_io", uint32_t command, uint32_t count, GuestHandle<char> buffer)                        \
    X(19, physdev_op_compat, "by operation", GuestHandle<void> operation)                                              \
    X(20, grant_table_op, "own grants, or control over the other domain", uint32_t command,                            \
      GuestHandle<void> argument, uint32_t count)                                                                      \
    X(21, vm_assist, "own domain", uint32_t command, uint32_t type)                                                    \
    X(22, update_va_mapping_otherdomain, "map_memory", uint64_t address, uint64_t entry, uint64_t flags,               \
      uint32_t foreign)                                                                                                \
    X(23, iret, "own vCPU")                                                                                            \
    X(24, vcpu_op, "own vCPUs", uint32_t command, uint32_t vcpu, GuestHandle<void> argument)                           \
    X(25, set_segment_base, "own vCPU", uint32_t which, uint64_t base)                                                 \
    X(26, mmuext_op, "own frames, or map_memory over the other domain", GuestHandle<mmuext_op_t> operations,           \
      uint32_t count, GuestHandle<uint32_t> done, uint32_t foreign)                                                    \
    ABSENT(27, xsm_op, GuestHandle<void> operation)                                                                    \
    X(28, nmi_op, "own vCPU", uint32_t command, GuestHandle<void> argument)                                            \
    X(29, sched_op, "own domain; remote_shutdown: control", uint32_t command, GuestHandle<void> argument)              \
    X(30, callback_op, "own vCPU", uint32_t command, GuestHandle<void> argument)                                       \
    ABSENT(31, xenoprof_op, uint32_t command, GuestHandle<void> argument)                                              \
    X(32, event_channel_op, "own channels", uint32_t command, GuestHandle<void> argument)                              \
    X(33, physdev_op, "by operation", uint32_t command, GuestHandle<void> argument)                                    \
    ABSENT(34, hvm_op, uint32_t command, GuestHandle<void> argument)                                                   \
    X(35, sysctl, "by operation", GuestHandle<xen_sysctl_t> operation)                                                 \
    X(36, domctl, "by operation", GuestHandle<xen_domctl_t> operation)                                                 \
    ABSENT(37, kexec_op, uint32_t command, GuestHandle<void> argument)                                                 \
    ABSENT(38, tmem_op, GuestHandle<void> operation)                                                                   \
    ABSENT(39, argo_op, uint32_t command)                                                                              \
    ABSENT(40, xenpmu_op, uint32_t command, GuestHandle<void> argument)                                                \
    ABSENT(41, dm_op, uint32_t domain, uint32_t count, GuestHandle<void> buffers)                                      \
    ABSENT(42, hypfs_op, uint32_t command)

namespace skerry {
inline constexpr unsigned hypercall_count = 43;
}
