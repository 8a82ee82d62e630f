// SPDX-License-Identifier: MIT
#include "arch/x86_64/cpu_local.h"

#include "arch/x86_64/apic.h"
#include "arch/x86_64/interrupts.h"
#include "arch/x86_64/layout.h"

namespace skerry {

CpuLocal& cpu_local_of(CpuId cpu) {
    return *reinterpret_cast<CpuLocal*>(layout::cpu_stack_base(cpu) + CPU_STACK_SIZE - sizeof(CpuLocal));
}

void raise_work(CpuId cpu, PendingWork work) {
    CpuLocal& local = cpu_local_of(cpu);
    auto bit = static_cast<uint32_t>(work);
    if (local.pending_work.fetch_or(bit) & bit) return;
    if (cpu != this_cpu()) send_ipi(cpu, vector::work);
}

} // namespace skerry
