// SPDX-License-Identifier: MIT
// set_segment_base: FS and GS bases, and the GS selector of the guest's user mode. fpu_taskswitch: the guest's CR0.TS.
#include "hypercalls/dispatch.h"

namespace skerry {

HypercallResult hypercall_set_segment_base(Caller& caller, uint32_t which, uint64_t base) {
    TRY_STATUS(caller.vcpu.cpu.set_segment_base(which, base));
    return 0;
}

HypercallResult hypercall_fpu_taskswitch(Caller& caller, int32_t set) {
    caller.vcpu.cpu.set_task_switched(set != 0);
    return 0;
}

} // namespace skerry
