// SPDX-License-Identifier: MIT
// set_gdt: up to 14 frames become the vCPU's descriptor table. update_descriptor: one checked entry in such a frame.
#include "hypercalls/dispatch.h"

namespace skerry {

HypercallResult hypercall_set_gdt(Caller& caller, GuestHandle<xen_ulong_t> frames, uint32_t entries) {
    if (entries > FIRST_RESERVED_GDT_ENTRY) return Error::invalid;
    uint64_t numbers[guest_gdt_pages];
    unsigned pages = (entries + 511) / 512;
    TRY_STATUS(frames.as<uint64_t>().read_array(numbers, pages));
    TRY_STATUS(caller.vcpu.cpu.set_gdt(caller.domain.mmu, numbers, entries));
    return 0;
}

} // namespace skerry
