// SPDX-License-Identifier: MIT
// mmuext_op: pinning, page-table bases, flushes, LDT and page operations (<xen/xen.h>, enum mmuext_cmd).
#include "hypercalls/dispatch.h"
#include "hypercalls/foreign.h"
#include "hypercalls/guest_flush.h"

#include <optional>

namespace skerry {
namespace {

// Gives the calling vCPU another page-table base: the new one is taken before the old one is let go.
Status new_kernel_base(Caller& caller, Mfn base) {
    PvMmu& mmu = caller.domain.mmu;
    PvCpuState& cpu = caller.vcpu.cpu;
    uint64_t old = cpu.kernel_cr3;
    if (address_of(base).value == old) {
        load_address_space(cpu_local(), cpu);
        return success;
    }
    TRY_STATUS(mmu.take_base(base, caller.budget));
    cpu.drop_ldt_pages(mmu);
    cpu.kernel_cr3 = address_of(base).value;
    load_address_space(cpu_local(), cpu);
    mmu.release_base(frame_of(MachAddr(old)), caller.budget);
    return success;
}

Status new_user_base(Caller& caller, Mfn base) {
    PvMmu& mmu = caller.domain.mmu;
    PvCpuState& cpu = caller.vcpu.cpu;
    uint64_t old = cpu.user_cr3;
    uint64_t wanted = address_of(base).value;
    if (wanted == old) return success;
    if (wanted) TRY_STATUS(mmu.take_base(base, caller.budget));
    cpu.user_cr3 = wanted;
    if (old) mmu.release_base(frame_of(MachAddr(old)), caller.budget);
    return success;
}

Status set_ldt(Caller& caller, uint64_t base, uint32_t entries) {
    return caller.vcpu.cpu.set_ldt(caller.domain.mmu, base, entries);
}

// Operations that concern the calling vCPU itself.
Status own_operation(Caller& caller, const mmuext_op_t& op) {
    Domain& domain = caller.domain;
    GuestVirt virt(op.arg1.linear_addr);
    GuestVirt bitmap(reinterpret_cast<uint64_t>(op.arg2.vcpumask.p));
    switch (op.cmd) {
    case MMUEXT_NEW_BASEPTR: return new_kernel_base(caller, Mfn(op.arg1.mfn));
    case MMUEXT_NEW_USER_BASEPTR: return new_user_base(caller, Mfn(op.arg1.mfn));
    case MMUEXT_TLB_FLUSH_LOCAL: flush_tlb_local(); return success;
    case MMUEXT_INVLPG_LOCAL: invlpg_local(virt); return success;
    case MMUEXT_TLB_FLUSH_MULTI: flush_tlb(TRY(cpus_of_vcpus(domain, bitmap))); return success;
    case MMUEXT_INVLPG_MULTI: flush_page(TRY(cpus_of_vcpus(domain, bitmap)), virt); return success;
    case MMUEXT_TLB_FLUSH_ALL: domain.mmu.users().flush(); return success;
    case MMUEXT_INVLPG_ALL: flush_page(domain.mmu.users().cpus(), virt); return success;
    case MMUEXT_FLUSH_CACHE:
    case MMUEXT_FLUSH_CACHE_GLOBAL:
        if (!domain.may_set_cache_attributes()) return Error::access_denied;
        flush_caches(op.cmd == MMUEXT_FLUSH_CACHE ? CpuSet::of(this_cpu()) : online_cpus);
        return success;
    case MMUEXT_SET_LDT: return set_ldt(caller, op.arg1.linear_addr, op.arg2.nr_ents);
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

HypercallResult hypercall_mmuext_op(Caller& caller, GuestHandle<mmuext_op_t> operations, uint32_t count,
                                    GuestHandle<uint32_t> done, uint32_t foreign_number) {
    uint32_t before = TRY(done_before(done, count));
    DomainRef other;
    if (foreign_number != DOMID_SELF) other = TRY(buildable_domain(caller, static_cast<uint16_t>(foreign_number)));
    PvMmu& mmu = other ? other->mmu : caller.domain.mmu;
    bool is_own = &mmu == &caller.domain.mmu;

    // Held until the end, so that a domain is not sealed under an operation on its frames.
    std::optional<Holding<LockRank::control>> held;
    if (!is_own) {
        held.emplace(other->control);
        TRY(AuthorityCheck::memory(caller.domain, *other));
    }
    Status status = success;
    uint32_t carried_out = 0;
    for (; carried_out < count; ++carried_out) {
        mmuext_op_t op;
        if (carried_out > 0 && caller.budget.is_spent())
            status = Error::restart;
        else if (status = operations.read(op, carried_out); status.ok())
            status = operate(caller, mmu, is_own, op);
        if (!status.ok()) break;
        (void)caller.budget.spend();
    }
    if (!done.is_null()) TRY_STATUS(done.write(before + carried_out));
    if (status.ok()) [[likely]]
        return 0;
    if (status.error() == Error::restart) {
        caller.arguments.value[0] = operations.advanced(carried_out).address().value;
        caller.arguments.value[1] = (count - carried_out) | continued_call;
    }
    return status.error();
}

} // namespace skerry
