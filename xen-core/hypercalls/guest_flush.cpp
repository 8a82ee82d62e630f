// SPDX-License-Identifier: MIT
#include "hypercalls/guest_flush.h"

namespace skerry {

Result<CpuSet> cpus_of_vcpus(Domain& domain, GuestVirt bitmap) {
    CpuSet cpus;
    GuestHandle<uint64_t> words(bitmap);
    for (uint32_t first = 0; first < domain.max_vcpus(); first += 64) {
        // The guest's bitmap ends with the byte of its last vCPU.
        uint64_t word = 0;
        uint32_t bits = domain.max_vcpus() - first < 64 ? domain.max_vcpus() - first : 64;
        TRY_STATUS(copy_from_guest(&word, words.advanced(first / 64).address(), (bits + 7) / 8));
        for (; word; word &= word - 1) {
            Vcpu* vcpu = domain.vcpu(VcpuId(first + static_cast<uint32_t>(__builtin_ctzll(word))));
            if (vcpu && vcpu->entity.is_on_cpu()) cpus.add(vcpu->entity.home());
        }
    }
    return cpus;
}

Status flush_as_asked(Domain& domain, GuestVirt virt, uint64_t flags) {
    uint64_t type = flags & UVMF_FLUSHTYPE_MASK;
    if (type == UVMF_NONE) return success;
    uint64_t scope = flags & ~UVMF_FLUSHTYPE_MASK;
    if (scope == UVMF_LOCAL) {
        type == UVMF_INVLPG ? invlpg_local(virt) : flush_tlb_local();
        return success;
    }
    if (scope == UVMF_ALL) {
        type == UVMF_INVLPG ? flush_page(domain.mmu.users().cpus(), virt) : domain.mmu.users().flush();
        return success;
    }
    CpuSet cpus = TRY(cpus_of_vcpus(domain, GuestVirt(scope)));
    type == UVMF_INVLPG ? flush_page(cpus, virt) : flush_tlb(cpus);
    return success;
}

} // namespace skerry
