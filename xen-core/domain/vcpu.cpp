// SPDX-License-Identifier: MIT
#include "domain/vcpu.h"

#include "domain/domain.h"

namespace skerry {

vcpu_time_info_t Vcpu::time_parameters() {
    vcpu_time_info_t time{};
    time.version = 2;
    time.tsc_timestamp = tsc_at_start; // where the system time was 0
    time.tsc_to_system_mul = tsc_scale.multiplier;
    time.tsc_shift = tsc_scale.shift;
    return time;
}

void Vcpu::use_info(vcpu_info_t* info) {
    if (cpu.vcpu_info) memcpy(info, cpu.vcpu_info, sizeof(*info));
    info->time = time_parameters();
    cpu.vcpu_info = info;
    domain.events.set_vcpu_info(id, info);
}

Status Vcpu::register_info(Mfn frame, uint32_t offset) {
    if (registered_info || offset > page_size - sizeof(vcpu_info_t) || offset % alignof(vcpu_info_t) != 0)
        return Error::invalid;
    registered_info = TRY(take_writable(frame, domain.account));
    use_info(reinterpret_cast<vcpu_info_t*>(to_pointer<char>(frame) + offset));
    return success;
}

// The guest may have unmapped or moved them: it then goes without, as on Xen.
void Vcpu::update_guest_areas() {
    if (UNLIKELY(!runstate_area.is_null())) {
        vcpu_runstate_info_t state = scheduler.runstate(*this);
        constexpr size_t time_offset = offsetof(vcpu_runstate_info_t, state_entry_time);
        GuestHandle<uint64_t> entry_time(runstate_area.address() + time_offset);
        if (domain.vm_assist & (1ul << VMASST_TYPE_runstate_update_flag)) {
            // The guest watches this bit to know that the rest is being written.
            if (!entry_time.write(state.state_entry_time | XEN_RUNSTATE_UPDATE).ok()) return;
            state.state_entry_time |= XEN_RUNSTATE_UPDATE;
            if (runstate_area.write(state).ok())
                (void)entry_time.write(state.state_entry_time & ~XEN_RUNSTATE_UPDATE).ok();
        } else {
            (void)runstate_area.write(state).ok();
        }
    }
    if (UNLIKELY(!time_area.is_null())) (void)time_area.write(time_parameters()).ok();
}

bool Vcpu::end_poll() {
    if (polled_port.exchange(poll_none, std::memory_order_seq_cst) == poll_none) return false;
    domain.events.end_poll();
    return true;
}

void Vcpu::timer_fired() { domain.events.send_virq(id, VIRQ_TIMER); }

} // namespace skerry
