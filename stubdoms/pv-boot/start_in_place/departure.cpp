// SPDX-License-Identifier: MIT
#include "departure.h"

#include "hand_over.h"
#include "page_tables.h"

#include <minios/minios.h>

extern "C" shared_info_t minios_shared_info; // mapped by minios

namespace skerry::start_in_place {
namespace {

namespace hypercall = minios::hypercall;

constexpr unsigned batch_size = 1024;
mmu_update_t batch[batch_size];                       // static: the stack is small, and the heap must not fault here
constexpr std::uint64_t default_tick_ns = 10'000'000; // Xen starts PV vCPUs with a 100 Hz periodic timer

void must(long status, const char* what) {
    if (status < 0) minios::panic("starting the kernel: %s: %s", what, minios::error_name(minios::error_of(status)));
}

std::uint64_t alias_address(const Departure& departure) { return std::uint64_t{departure.alias_slot} << 39; }

void send(unsigned count) {
    if (count != 0) must(hypercall::mmu_update(batch, count, nullptr), "machine-to-physical update");
}

/// Closes every event channel that was opened since the domain's start. The hypervisor answers for as many ports as
/// exist.
void close_event_channels(std::uint32_t store, std::uint32_t console) {
    for (std::uint32_t port = 1; port < EVTCHN_2L_NR_CHANNELS; ++port) {
        evtchn_status_t status{};
        status.dom = DOMID_SELF;
        status.port = port;
        if (hypercall::event_channel_op(EVTCHNOP_status, &status) != 0) break;
        if (status.status == EVTCHNSTAT_closed || port == store || port == console) continue;
        evtchn_close_t close{};
        close.port = port;
        must(hypercall::event_channel_op(EVTCHNOP_close, &close), "closing an event channel");
    }
}

/// Nothing masked, nothing pending but what came for the kernel already: the state the hypervisor would have made by
/// itself.
void reset_event_bits(std::uint32_t store, std::uint32_t console) {
    constexpr unsigned bits = 64;
    vcpu_info_t& vcpu = minios_shared_info.vcpu_info[0];
    __atomic_store_n(&vcpu.evtchn_upcall_mask, 1, __ATOMIC_SEQ_CST);
    std::uint64_t selected = 0;
    for (unsigned word = 0; word < bits; ++word) {
        std::uint64_t ours = 0;
        if (store != 0 && store / bits == word) ours |= std::uint64_t{1} << store % bits;
        if (console != 0 && console / bits == word) ours |= std::uint64_t{1} << console % bits;
        __atomic_store_n(&minios_shared_info.evtchn_mask[word], 0, __ATOMIC_SEQ_CST);
        if ((__atomic_and_fetch(&minios_shared_info.evtchn_pending[word], ours, __ATOMIC_SEQ_CST)) != 0)
            selected |= std::uint64_t{1} << word;
    }
    __atomic_store_n(&vcpu.evtchn_pending_sel, selected, __ATOMIC_SEQ_CST);
    __atomic_store_n(&vcpu.evtchn_upcall_pending, selected != 0, __ATOMIC_SEQ_CST);
}

void reset_timers() {
    must(hypercall::set_timer_op(0), "timer");
    (void)hypercall::vcpu_op(VCPUOP_stop_singleshot_timer, 0, nullptr); // -EINVAL on some versions when none runs
    vcpu_set_periodic_timer_t tick{default_tick_ns};
    (void)hypercall::vcpu_op(VCPUOP_set_periodic_timer, 0, &tick); // absent in hypervisors without the default tick
}

} // namespace

void write_hand_over_page(const Departure& departure) {
    static_assert(sizeof(HandOverData) <= page_bytes - hand_over_data_offset);
    const auto code_bytes = static_cast<std::size_t>(skerry_hand_over_code_end - skerry_hand_over_code);
    MINIOS_ASSERT(code_bytes <= hand_over_data_offset);
    HandOverData data{};
    data.switch_tables[0].cmd = MMUEXT_NEW_BASEPTR;
    data.switch_tables[0].arg1.mfn = departure.new_root;
    data.switch_tables[1].cmd = MMUEXT_UNPIN_TABLE;
    data.switch_tables[1].arg1.mfn = departure.old_root;
    data.remove_alias.ptr =
        departure.new_root * page_bytes + departure.alias_slot * sizeof(std::uint64_t) + MMU_NORMAL_PT_UPDATE;
    data.natural = departure.image.layout().address_of(departure.image.layout().hand_over.first);
    data.stack = departure.image.stack_top();
    data.start_info = departure.image.start_info_address();
    data.entry = departure.entry;
    std::byte* const page = departure.image.hand_over_page();
    std::memcpy(page, skerry_hand_over_code, code_bytes);
    std::memcpy(page + hand_over_data_offset, &data, sizeof(data));
}

void rename_frames(const Departure& departure) {
    unsigned count = 0;
    departure.image.plan().for_each_change([&](std::uint64_t frame, std::uint64_t machine) {
        if (machine == no_frame) return;
        batch[count++] = {machine * page_bytes | MMU_MACHPHYS_UPDATE, frame};
        if (count == batch_size) {
            send(count);
            count = 0;
        }
    });
    send(count);
}

void reset_vcpu() {
    const start_info_t& info = minios::start_info();
    const std::uint32_t store = info.store_evtchn, console = minios::is_first_domain() ? 0 : info.console.domU.evtchn;
    close_event_channels(store, console);
    reset_timers();
    reset_event_bits(store, console);
    must(hypercall::set_callbacks(0, 0, 0), "callbacks");
    must(hypercall::set_trap_table(nullptr), "trap table");
    mmuext_op_t no_ldt{};
    no_ldt.cmd = MMUEXT_SET_LDT;
    must(hypercall::mmuext_op(&no_ldt, 1, nullptr), "LDT");
    must(hypercall::set_gdt(nullptr, 0), "GDT");
    must(hypercall::set_segment_base(SEGBASE_FS, 0), "FS base");
    must(hypercall::set_segment_base(SEGBASE_GS_USER, 0), "user GS base");
    must(hypercall::set_segment_base(SEGBASE_GS_KERNEL, 0), "GS base");
    must(hypercall::fpu_taskswitch(false), "FPU state");
}

[[noreturn]] void jump_to_hand_over_page(const Departure& departure) {
    mmu_update_t alias{};
    alias.ptr = departure.old_root * page_bytes + departure.alias_slot * sizeof(std::uint64_t) + MMU_NORMAL_PT_UPDATE;
    alias.val = make_entry(departure.alias_table_frame, kernel_entry);
    must(hypercall::mmu_update(&alias, 1, nullptr), "mapping the hand-over page");
    asm volatile("jmp *%0" : : "r"(alias_address(departure)) : "memory");
    __builtin_unreachable();
}

} // namespace skerry::start_in_place
