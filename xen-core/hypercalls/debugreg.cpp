// SPDX-License-Identifier: MIT
// set_debugreg, get_debugreg: the debug registers of the calling vCPU, without the bits that would reach xen-core.
#include "hypercalls/dispatch.h"
#include "hypercalls/errno.h"

namespace skerry {

HypercallResult hypercall_set_debugreg(Caller& caller, int32_t index, uint64_t value) {
    TRY_STATUS(caller.vcpu.cpu.set_debug_register(static_cast<unsigned>(index), value));
    return 0;
}

// The value itself is the result, so an error looks like one: as in Xen.
HypercallResult hypercall_get_debugreg(Caller& caller, int32_t index) {
    return static_cast<int64_t>(TRY(caller.vcpu.cpu.get_debug_register(static_cast<unsigned>(index))));
}

} // namespace skerry
