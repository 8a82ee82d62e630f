// SPDX-License-Identifier: MIT
// update_va_mapping: the entry that maps a linear address of the calling vCPU, with the flush that goes with it. Its
// other-domain form maps a frame of a domain that the caller builds.
#include "hypercalls/dispatch.h"
#include "hypercalls/foreign.h"
#include "hypercalls/guest_flush.h"

namespace skerry {
namespace {

Mfn current_root(Caller& caller) { return frame_of(MachAddr(caller.vcpu.cpu.kernel_cr3)); }

} // namespace

HypercallResult hypercall_update_va_mapping(Caller& caller, uint64_t address, uint64_t entry, uint64_t flags) {
    GuestVirt virt(address);
    TRY_STATUS(caller.domain.mmu.update_va_mapping(current_root(caller), virt, Pte(entry), nullptr, caller.budget));
    TRY_STATUS(flush_as_asked(caller.domain, virt, flags));
    return 0;
}

HypercallResult hypercall_update_va_mapping_otherdomain(Caller& caller, uint64_t address, uint64_t entry,
                                                        uint64_t flags, uint32_t foreign_number) {
    GuestVirt virt(address);
    ForeignArgument foreign = TRY(read_foreign_argument(caller, static_cast<uint16_t>(foreign_number)));
    HoldingBoth held(foreign.tables_of->control, foreign.frames_of->control);
    TRY_STATUS(still_allowed(caller, foreign));
    TRY_STATUS(
        caller.domain.mmu.update_va_mapping(current_root(caller), virt, Pte(entry), foreign.token(), caller.budget));
    TRY_STATUS(flush_as_asked(caller.domain, virt, flags));
    return 0;
}

HypercallResult hypercall_update_descriptor(Caller& caller, uint64_t machine_address, uint64_t descriptor) {
    TRY_STATUS(caller.domain.mmu.update_descriptor(MachAddr(machine_address), descriptor, caller.budget));
    return 0;
}

} // namespace skerry
