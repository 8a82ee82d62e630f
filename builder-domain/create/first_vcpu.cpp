// SPDX-License-Identifier: MIT
#include "builder-domain/create/first_vcpu.h"

#include "builder-domain/create/failures.h"

#include <cstring>

namespace skerry::builder {
namespace {

constexpr uint64_t rflags_start = 0x202; // interrupts on, and the bit that is always set

// 5 KiB: too large for a small stack.
vcpu_guest_context_t context;

} // namespace

Status start_first_vcpu(Hypervisor& hypervisor, DomId domain, const FirstVcpu& vcpu) {
    std::memset(&context, 0, sizeof(context));
    context.flags = VGCF_in_kernel | VGCF_online;
    context.user_regs.rip = vcpu.entry;
    context.user_regs.rsp = vcpu.stack;
    context.user_regs.rsi = vcpu.start_info;
    context.user_regs.rflags = rflags_start;
    context.user_regs.cs = FLAT_KERNEL_CS;
    context.user_regs.ss = FLAT_KERNEL_SS;
    context.user_regs.ds = FLAT_KERNEL_DS;
    context.user_regs.es = FLAT_KERNEL_DS;
    context.user_regs.fs = FLAT_KERNEL_DS;
    context.user_regs.gs = FLAT_KERNEL_DS;
    context.kernel_ss = FLAT_KERNEL_SS;
    context.kernel_sp = vcpu.stack;
    context.ctrlreg[3] = xen_pfn_to_cr3(vcpu.root.value);

    xen_domctl_t operation{};
    operation.cmd = XEN_DOMCTL_setvcpucontext;
    operation.domain = domain.value;
    operation.u.vcpucontext.vcpu = 0;
    set_xen_guest_handle(operation.u.vcpucontext.ctxt, &context);
    return check(hypervisor.domctl(operation), "setting its first vCPU's state");
}

} // namespace skerry::builder
