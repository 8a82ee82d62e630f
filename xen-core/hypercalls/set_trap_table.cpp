// SPDX-License-Identifier: MIT
// set_trap_table: the guest's virtual IDT, entry by entry until one with address 0; a null table clears it
// (<xen/arch-x86/xen.h>).
#include "hypercalls/dispatch.h"

namespace skerry {

HypercallResult hypercall_set_trap_table(Caller& caller, GuestHandle<trap_info_t> table) {
    PvCpuState& cpu = caller.vcpu.cpu;
    if (table.is_null()) {
        cpu.clear_traps();
        return 0;
    }
    for (;; table = table.advanced(1)) {
        trap_info_t entry;
        TRY_STATUS(table.read(entry));
        if (entry.address == 0) return 0;
        TRY_STATUS(cpu.set_trap(entry));
        if (!caller.budget.spend()) {
            caller.arguments.value[0] = table.advanced(1).address().value;
            return Error::restart;
        }
    }
}

} // namespace skerry
