// SPDX-License-Identifier: MIT
// stack_switch: where the guest kernel's stack begins when it is entered from its user mode.
#include "hypercalls/dispatch.h"

namespace skerry {

HypercallResult hypercall_stack_switch(Caller& caller, uint64_t stack_segment, uint64_t stack_pointer) {
    TRY_STATUS(caller.vcpu.cpu.set_kernel_stack(stack_segment, stack_pointer));
    return 0;
}

} // namespace skerry
