// SPDX-License-Identifier: MIT
#include "traps/entry.h"

#include "arch/x86_64/machine_power.h"
#include "arch/x86_64/time.h"

namespace skerry {

extern "C" [[noreturn]] void run_guest(RegisterFrame* frame);

namespace {

constexpr uint32_t bit(PendingWork work) { return static_cast<uint32_t>(work); }

// Everything but choosing a vCPU. True: the scheduler is to choose.
bool do_work(CpuLocal& cpu) {
    uint32_t work = cpu.take_work();
    if (work & bit(PendingWork::tlb_flush)) serve_flush_requests();
    if (work & bit(PendingWork::output)) global_virqs.send(VIRQ_CON_RING);
    bool choose = work & bit(PendingWork::reschedule);
    if (work & bit(PendingWork::timer)) choose |= timers.expire(cpu.id, now());
    return choose;
}

void wait_for_interrupt(CpuLocal& cpu) {
    cpu.in_idle = true;
    if (!cpu.has_work()) enable_interrupts_and_halt();
    disable_interrupts();
    cpu.in_idle = false;
}

void update_guest_areas(CpuLocal& cpu, Vcpu& vcpu) {
    if (vcpu.runstate_area.is_null() && vcpu.time_area.is_null()) [[likely]]
        return;
    in_kernel_space(cpu, vcpu.cpu, [&] { vcpu.update_guest_areas(); });
}

// Does what the scheduler decides. True: another vCPU's registers are in the frame now.
bool switch_vcpu(CpuLocal& cpu) {
    Nanoseconds time = now();
    Decision decision = scheduler.choose_next(cpu.id, time);
    Vcpu* saved = decision.save ? &vcpu_of(*decision.save) : nullptr;
    Vcpu* loaded = decision.load ? &vcpu_of(*decision.load) : nullptr;
    Vcpu* before = std::exchange(cpu.current, decision.next->is_idle() ? nullptr : &vcpu_of(*decision.next));
    bool segments_ok = true, changes = cpu.current != before;
    if (before && changes) before->timers.switched_out(); // it cannot run elsewhere yet
    if (saved || loaded)
        segments_ok = switch_state(cpu, saved ? &saved->cpu : nullptr, loaded ? &loaded->cpu : nullptr);
    if (saved) scheduler.state_saved(*decision.save);
    timers.set_slice_end(cpu.id, decision.slice_end);
    if (cpu.current && changes) cpu.current->timers.switched_in(cpu.id, time);
    if (loaded) {
        update_guest_areas(cpu, *loaded);
        if (!segments_ok) [[unlikely]]
            inject_failsafe(cpu, *loaded);
    }
    return loaded;
}

void deliver_nmi(CpuLocal& cpu, Vcpu& vcpu) {
    PvCpuState& state = vcpu.cpu;
    if (!state.nmi_pending || state.nmi_masked) [[likely]]
        return;
    state.nmi_pending = false;
    if (!state.nmi_callback.address) return;
    state.nmi_masked = true;
    bounce_to_kernel<BounceWords::plain>(cpu, vcpu, state.nmi_callback);
}

} // namespace

uint32_t deliver_upcall(CpuLocal& cpu, Vcpu& vcpu) {
    bool delivered = bounce_to_callback<BounceWords::plain>(cpu, vcpu, vcpu.cpu.event_callback);
    return delivered ? leave_by_sysret : leave_after_work;
}

uint32_t leave_slowly(CpuLocal& cpu, uint32_t result) {
    for (;;) {
        if (do_work(cpu) && switch_vcpu(cpu)) result = load_registers;
        if (cpu.has_work()) continue;
        if (!cpu.current) {
            wait_for_interrupt(cpu);
            continue;
        }
        Vcpu& vcpu = *cpu.current;
        deliver_nmi(cpu, vcpu);
        if (vcpu.has_deliverable_event()) deliver_upcall(cpu, vcpu);
        if (!cpu.has_work()) return result;
    }
}

void enter_scheduler() {
    CpuLocal& cpu = cpu_local();
    cpu.current = nullptr;
    cpu.pending_work.fetch_or(bit(PendingWork::reschedule));
    (void)leave_slowly(cpu, load_registers);
    run_guest(&cpu.frame);
}

} // namespace skerry
