// SPDX-License-Identifier: MIT
#include "domain/vcpu_context.h"

#include "domain/domain.h"

namespace skerry {
namespace {

// xen_cr3_to_pfn() and xen_pfn_to_cr3() of the ABI: on x86-64 the frame number stands where the hardware has it.
constexpr uint64_t cr3_frame_mask = 0x000ffffffffff000;

// A page-table base that is given back unless it is kept.
class TakenBase : NonCopyable {
  public:
    TakenBase(PvMmu& mmu, WorkBudget& budget) : mmu_(mmu), budget_(budget) {}
    ~TakenBase() {
        if (base_) mmu_.release_base(frame_of(MachAddr(base_)), budget_);
    }
    Status take(uint64_t cr3) {
        uint64_t wanted = cr3 & cr3_frame_mask;
        if (wanted) TRY_STATUS(mmu_.take_base(frame_of(MachAddr(wanted)), budget_));
        base_ = wanted;
        return success;
    }
    // The call restarts: it will take the base again, and get further.
    void suspend() {
        if (base_) mmu_.suspend_base(frame_of(MachAddr(std::exchange(base_, 0))));
    }
    // `held` gets the base; the one it held is given back by this object.
    void swap_into(uint64_t& held) { std::swap(held, base_); }

  private:
    PvMmu& mmu_;
    WorkBudget& budget_;
    uint64_t base_ = 0;
};

} // namespace

Status initialise_vcpu(Vcpu& vcpu, const vcpu_guest_context_t& context, WorkBudget& budget) {
    PvMmu& mmu = vcpu.domain.mmu;
    TakenBase kernel(mmu, budget), user(mmu, budget);
    if (!(context.ctrlreg[3] & cr3_frame_mask)) return Error::invalid;
    Status done = kernel.take(context.ctrlreg[3]);
    if (done.ok()) done = user.take(context.ctrlreg[1]);
    if (done.ok()) done = vcpu.cpu.set_context(mmu, context);
    if (!done.ok()) {
        if (done.error() == Error::restart) {
            kernel.suspend();
            user.suspend();
        }
        return done;
    }
    kernel.swap_into(vcpu.cpu.kernel_cr3);
    user.swap_into(vcpu.cpu.user_cr3);
    vcpu.domain.vm_assist |= context.vm_assist;
    vcpu.is_initialised = true;
    return success;
}

void describe_vcpu(const Vcpu& vcpu, vcpu_guest_context_t& context) {
    vcpu.cpu.get_context(context);
    context.ctrlreg[3] = vcpu.cpu.kernel_cr3;
    context.ctrlreg[1] = vcpu.cpu.user_cr3;
    context.vm_assist = vcpu.domain.vm_assist;
    if (!vcpu.entity.is_down()) context.flags |= VGCF_online;
}

} // namespace skerry
