// SPDX-License-Identifier: MIT
// Hypercalls of the tiny guests: one typed template over the hypercall page. Returns what Xen returns (0 or more, or
// -errno). ABI: xen/arch-x86/xen-x86_64.h (arguments in rdi, rsi, rdx, r10, r8; all may be changed by the call).
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <xen/domctl.h>
#include <xen/event_channel.h>
#include <xen/grant_table.h>
#include <xen/memory.h>
#include <xen/physdev.h>
#include <xen/sched.h>
#include <xen/sysctl.h>
#include <xen/vcpu.h>
#include <xen/version.h>
#include <xen/xen.h>

extern "C" const char hypercall_page[4096];

namespace skerry::guest {

// Xen's errno values as negative results.
enum Error : long {
    eperm = -1,
    enoent = -2,
    esrch = -3,
    eio = -5,
    e2big = -7,
    ebadf = -9,
    eagain = -11,
    enomem = -12,
    eacces = -13,
    efault = -14,
    ebusy = -16,
    eexist = -17,
    exdev = -18,
    enodev = -19,
    einval = -22,
    enospc = -28,
    erange = -34,
    edeadlk = -35,
    enosys = -38,
    eaddrnotavail = -99,
    eaddrinuse = -98,
    eopnotsupp = -95,
    eisconn = -106,
};

template <typename T> inline unsigned long word(T value) {
    if constexpr (__is_enum(T))
        return static_cast<unsigned long>(value);
    else
        return (unsigned long)(value);
}

// Calls hypercall `number` with up to five arguments.
template <typename... Args> inline long hypercall(unsigned number, Args... args) {
    static_assert(sizeof...(Args) <= 5);
    unsigned long a[5] = {word(args)...};
    register unsigned long rdi asm("rdi") = a[0];
    register unsigned long rsi asm("rsi") = a[1];
    register unsigned long rdx asm("rdx") = a[2];
    register unsigned long r10 asm("r10") = a[3];
    register unsigned long r8 asm("r8") = a[4];
    long result;
    asm volatile("call *%[target]"
                 : "=a"(result), "+r"(rdi), "+r"(rsi), "+r"(rdx), "+r"(r10), "+r"(r8)
                 : [target] "a"(hypercall_page + number * 32)
                 : "memory", "rcx", "r11", "r9");
    return result;
}

inline long event_op(int command, void* argument) {
    return hypercall(__HYPERVISOR_event_channel_op, command, argument);
}
inline long grant_op(unsigned command, void* argument, unsigned count) {
    return hypercall(__HYPERVISOR_grant_table_op, command, argument, count);
}
inline long memory_op(unsigned command, void* argument) { return hypercall(__HYPERVISOR_memory_op, command, argument); }
inline long sched_op(int command, void* argument) { return hypercall(__HYPERVISOR_sched_op, command, argument); }
inline long vcpu_op(int command, unsigned vcpu, void* argument) {
    return hypercall(__HYPERVISOR_vcpu_op, command, vcpu, argument);
}
inline long xen_version(int command, void* argument) { return hypercall(__HYPERVISOR_xen_version, command, argument); }
inline long domctl(xen_domctl& call) {
    call.interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    return hypercall(__HYPERVISOR_domctl, &call);
}

} // namespace skerry::guest
