// SPDX-License-Identifier: MIT
// The hypercalls on page tables (<xen/xen.h>): mmu_update, update_va_mapping and its other-domain form,
// update_descriptor; mmuext_op: pinning, page-table bases, flushes, LDT and page operations. What they check of frames
// and entries is in pv_mmu/; here are whose frames and tables they are, how far a call got, and the flushes that guests
// ask for.
#include "hypercalls/dispatch.h"

#include <optional>

namespace skerry {
namespace {

// --- whose frames and tables ---

// Performs `operation(mmu, foreign)` for the foreign-domain argument `number`: the low half names whose frames are
// mapped, the high half plus one names whose page tables are written. `foreign` is null when the frames are the table
// owner's own. Errors: no_such_domain, not_permitted.
template <typename Operation> HypercallResult on_foreign(Caller& caller, uint32_t number, Operation&& operation) {
    uint16_t frames_number = static_cast<uint16_t>(number), tables_plus_one = static_cast<uint16_t>(number >> 16);
    DomainRef tables_of = tables_plus_one ? TRY(buildable_domain(caller, static_cast<uint16_t>(tables_plus_one - 1)))
                                          : reference_to(caller.domain());
    // I/O memory is judged frame by frame, whoever is said to own it.
    bool is_own = frames_number == DOMID_SELF || frames_number == DOMID_IO;
    if (frames_number == caller.domain().id.value) return Error::no_such_domain; // as on Xen, oneself is DOMID_SELF
    DomainRef frames_of = is_own ? reference_to(*tables_of) : TRY(buildable_domain(caller, frames_number));
    // Both rights once more, now that nobody can take them: then no domain is sealed or destroyed under the operation.
    HoldingBoth held(tables_of->control, frames_of->control);
    TRY(AuthorityCheck::memory(caller.domain(), *tables_of));
    ForeignAccess access = TRY(AuthorityCheck::memory(caller.domain(), *frames_of));
    return operation(tables_of->mmu, &*frames_of == &*tables_of ? nullptr : &access);
}

Mfn current_root(Caller& caller) { return frame_of(MachAddr(caller.vcpu.cpu.kernel_cr3)); }

// --- how far a call got ---

constexpr uint32_t continued_call = uint32_t{1} << 31;

// Performs `work(count, carried_out)` for the requests of mmu_update and mmuext_op, which reports how many it carried
// out, and the reason of the first that it did not. The sum goes to `done`, if that can be written (as on Xen). A
// continued call has the top bit of its count set, and finds in `done` what its earlier stretches did.
template <typename Request, typename Work>
[[gnu::always_inline]] inline HypercallResult in_stretches(Caller& caller, GuestHandle<Request> requests,
                                                           uint32_t count, GuestHandle<uint32_t> done, Work&& work) {
    uint32_t before = 0, carried_out = 0;
    if (count & continued_call) [[unlikely]] {
        count &= ~continued_call;
        if (!done.is_null()) TRY(done.read(before));
    }
    Status status = work(count, carried_out);
    if (!done.is_null()) (void)done.write(before + carried_out).ok();
    if (status.ok() || status.error() != Error::restart) [[likely]]
        return status;
    return caller.continue_with(
        0, {requests.advanced(carried_out).address().value, (count - carried_out) | continued_call});
}

// --- flushes as guests ask for them: on this CPU, on a set of the domain's vCPUs, on all ---

// The CPUs whose caches may hold translations of the vCPUs in the guest's bitmap. Errors: bad_address.
Result<CpuSet> cpus_of_vcpus(Domain& domain, GuestVirt bitmap) {
    CpuSet cpus;
    for (uint32_t first = 0; first < domain.max_vcpus(); first += 64) {
        // The guest's bitmap ends with the byte of its last vCPU.
        uint64_t word = 0;
        uint32_t bits = std::min(domain.max_vcpus() - first, 64u);
        TRY(copy_from_guest(&word, bitmap + first / 8, (bits + 7) / 8));
        for (; word; word &= word - 1) {
            Vcpu* vcpu = domain.vcpu(VcpuId(first + static_cast<uint32_t>(std::countr_zero(word))));
            if (vcpu && vcpu->is_on_cpu()) cpus.add(vcpu->home());
        }
    }
    return cpus;
}

// What UVMF_* in `flags` asks for after a change at `virt`. Errors: bad_address.
Status flush_as_asked(Domain& domain, GuestVirt virt, uint64_t flags) {
    uint64_t type = flags & UVMF_FLUSHTYPE_MASK, scope = flags & ~UVMF_FLUSHTYPE_MASK;
    bool is_page = type == UVMF_INVLPG;
    if (type == UVMF_NONE) return success;
    switch (scope) {
    case UVMF_LOCAL: is_page ? invlpg_local(virt) : flush_tlb_local(); return success;
    case UVMF_ALL: is_page ? flush_page(domain.mmu.users().cpus(), virt) : domain.mmu.users().flush(); return success;
    default: break; // the address of a bitmap of vCPUs
    }
    CpuSet cpus = TRY(cpus_of_vcpus(domain, GuestVirt(scope)));
    is_page ? flush_page(cpus, virt) : flush_tlb(cpus);
    return success;
}

// --- mmuext_op ---

Status new_user_base(Caller& caller, Mfn base) {
    PvMmu& mmu = caller.domain().mmu;
    PvCpuState& cpu = caller.vcpu.cpu;
    uint64_t old = cpu.user_cr3;
    uint64_t wanted = address_of(base).value;
    if (wanted == old) return success;
    if (wanted) TRY(mmu.take_base(base, caller.budget));
    cpu.user_cr3 = wanted;
    distrust_translations();
    if (old) mmu.release_base(frame_of(MachAddr(old)), caller.budget);
    return success;
}

// Operations that concern the calling vCPU itself.
Status own_operation(Caller& caller, const mmuext_op_t& op) {
    Domain& domain = caller.domain();
    GuestVirt virt(op.arg1.linear_addr);
    GuestVirt bitmap(reinterpret_cast<uint64_t>(op.arg2.vcpumask.p));
    switch (op.cmd) {
    case MMUEXT_NEW_BASEPTR: return set_kernel_base(caller.vcpu, Mfn(op.arg1.mfn), caller.budget);
    case MMUEXT_NEW_USER_BASEPTR: return new_user_base(caller, Mfn(op.arg1.mfn));
    case MMUEXT_TLB_FLUSH_LOCAL: flush_tlb_local(); return success;
    case MMUEXT_INVLPG_LOCAL: invlpg_local(virt); return success;
    case MMUEXT_TLB_FLUSH_MULTI: flush_tlb(TRY_AS(cpus_of_vcpus(domain, bitmap), Error::invalid)); return success;
    case MMUEXT_INVLPG_MULTI: flush_page(TRY_AS(cpus_of_vcpus(domain, bitmap), Error::invalid), virt); return success;
    case MMUEXT_TLB_FLUSH_ALL: domain.mmu.users().flush(); return success;
    case MMUEXT_INVLPG_ALL: flush_page(domain.mmu.users().cpus(), virt); return success;
    case MMUEXT_FLUSH_CACHE:
    case MMUEXT_FLUSH_CACHE_GLOBAL:
        if (!domain.may_set_cache_attributes()) return Error::access_denied;
        flush_caches(op.cmd == MMUEXT_FLUSH_CACHE ? CpuSet::of(this_cpu()) : online_cpus);
        return success;
    case MMUEXT_SET_LDT: return caller.vcpu.cpu.set_ldt(domain.mmu, op.arg1.linear_addr, op.arg2.nr_ents);
    case MMUEXT_MARK_SUPER:
    case MMUEXT_UNMARK_SUPER: return Error::not_supported;
    default: return Error::no_system_call;
    }
}

// Operations on frames, which may be those of a domain that the caller builds.
Status operate(Caller& caller, PvMmu& mmu, bool is_own, const mmuext_op_t& op) {
    Mfn mfn(op.arg1.mfn);
    switch (op.cmd) {
    case MMUEXT_PIN_L1_TABLE:
    case MMUEXT_PIN_L2_TABLE:
    case MMUEXT_PIN_L3_TABLE:
    case MMUEXT_PIN_L4_TABLE: return mmu.pin(mfn, op.cmd - MMUEXT_PIN_L1_TABLE + 1, caller.budget);
    case MMUEXT_UNPIN_TABLE: return mmu.unpin(mfn, caller.budget);
    case MMUEXT_CLEAR_PAGE: return mmu.clear_frame(mfn);
    case MMUEXT_COPY_PAGE: return mmu.copy_frame(mfn, Mfn(op.arg2.src_mfn));
    default: return is_own ? own_operation(caller, op) : Status(Error::not_permitted);
    }
}

} // namespace

// The common case, the caller's own tables and frames, needs no look-up of domains.
HypercallResult hypercall_mmu_update(Caller& caller, GuestHandle<mmu_update_t> requests, uint32_t count,
                                     GuestHandle<uint32_t> done, uint32_t foreign_number) {
    auto update = [&](PvMmu & mmu, const ForeignAccess* foreign) __attribute__((always_inline)) {
        return in_stretches(caller, requests, count, done, [&](uint32_t number, uint32_t& carried_out) {
            return mmu.update_all(requests, number, foreign, caller.budget, carried_out);
        });
    };
    if (LIKELY(foreign_number == DOMID_SELF)) return update(caller.domain().mmu, nullptr);
    return on_foreign(caller, foreign_number, update);
}

HypercallResult hypercall_mmuext_op(Caller& caller, GuestHandle<mmuext_op_t> operations, uint32_t count,
                                    GuestHandle<uint32_t> done, uint32_t foreign_number) {
    DomainRef other;
    // Held until the end, so that a domain is not sealed under an operation on its frames.
    std::optional<Holding<LockRank::control>> held;
    if (foreign_number != DOMID_SELF) {
        if (foreign_number == caller.domain().id.value) return Error::no_such_domain;
        other = TRY(buildable_domain(caller, static_cast<uint16_t>(foreign_number)));
        held.emplace(other->control);
        TRY(AuthorityCheck::memory(caller.domain(), *other));
    }
    PvMmu& mmu = other ? other->mmu : caller.domain().mmu;
    return in_stretches(caller, operations, count, done, [&](uint32_t number, uint32_t& carried_out) {
        return caller.work_through(carried_out, number, [&](uint32_t i) -> Status {
            mmuext_op_t op;
            TRY(operations.read(op, i));
            return operate(caller, mmu, !other, op);
        });
    });
}

HypercallResult hypercall_update_va_mapping(Caller& caller, uint64_t address, uint64_t entry, uint64_t flags) {
    GuestVirt virt(address);
    TRY(caller.domain().mmu.update_va_mapping(current_root(caller), virt, Pte(entry), nullptr, caller.budget));
    return flush_as_asked(caller.domain(), virt, flags);
}

HypercallResult hypercall_update_va_mapping_otherdomain(Caller& caller, uint64_t address, uint64_t entry,
                                                        uint64_t flags, uint32_t foreign_number) {
    GuestVirt virt(address);
    return on_foreign(caller, static_cast<uint16_t>(foreign_number),
                      [&](PvMmu& mmu, const ForeignAccess* foreign) -> Status {
                          TRY(mmu.update_va_mapping(current_root(caller), virt, Pte(entry), foreign, caller.budget));
                          return flush_as_asked(caller.domain(), virt, flags);
                      });
}

HypercallResult hypercall_update_descriptor(Caller& caller, uint64_t machine_address, uint64_t descriptor) {
    return caller.domain().mmu.update_descriptor(MachAddr(machine_address), descriptor, caller.budget);
}

} // namespace skerry
