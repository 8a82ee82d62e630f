// SPDX-License-Identifier: MIT
#include "domain/pv_cpu_state.h"

#include "pv_mmu/pv_mmu.h"

#include <xen/callback.h>

namespace skerry {
namespace {

// A fixed reserved bit of DR6 and DR7, and what a guest may set in them (Intel SDM volume 3, 17.2).
constexpr uint64_t dr6_ones = 0xffff0ff0;
constexpr uint64_t dr7_ones = 0x400;

bool is_loaded(const PvCpuState& state) { return cpu_local().loaded == &state; }

struct CallbackKind {
    GuestCallback PvCpuState::*place;
    uint16_t type;
    bool always_masks;
};
constexpr CallbackKind callback_kinds[] = {
    {&PvCpuState::event_callback, CALLBACKTYPE_event, true},
    {&PvCpuState::failsafe_callback, CALLBACKTYPE_failsafe, false},
    {&PvCpuState::syscall_callback, CALLBACKTYPE_syscall, false},
    {&PvCpuState::syscall32_callback, CALLBACKTYPE_syscall32, false},
    {&PvCpuState::sysenter_callback, CALLBACKTYPE_sysenter, false},
    {&PvCpuState::nmi_callback, CALLBACKTYPE_nmi, true},
};
Result<CallbackKind> find_callback(uint16_t type) {
    for (const CallbackKind& kind : callback_kinds)
        if (kind.type == type) return kind;
    return Error::no_system_call;
}

// DR4 and DR5 are other names of DR6 and DR7; of no register once the guest has switched debugging extensions on.
unsigned debug_register_of(unsigned index, bool extended) { return index / 2 != 2 ? index : extended ? 8 : index + 2; }

Status check_dr7(uint64_t& value) {
    constexpr uint64_t general_detect = 1 << 13; // would make xen-core trap
    if (value >> 32) return Error::invalid;
    if (value & general_detect) return Error::not_permitted;
    value = (value & 0xffff27ff) | dr7_ones;
    for (unsigned i = 0; i < 4; ++i) {
        unsigned kind = value >> (16 + 4 * i) & 3; // 2: I/O breakpoints, which need CR4.DE and I/O privilege
        if ((value >> (2 * i) & 3) && kind == 2) return Error::not_permitted;
    }
    return success;
}

} // namespace

Status PvCpuState::create(Account& charged) {
    account = &charged;
    extended_state = TRY(CoreBox<ExtendedState>::create(charged));
    window = TRY(allocate_window());
    xcr0 = cpu_features.xcr0 & (xstate::x87 | xstate::sse);
    cr0 = core_cr0();
    cr4 = guest_cr4(0);
    debug_registers[6] = dr6_ones;
    debug_registers[7] = dr7_ones;
    return success;
}

void PvCpuState::destroy(PvMmu& mmu) {
    drop_ldt_pages(mmu);
    ldt_entries = 0;
    Status emptied = set_gdt(mmu, nullptr, 0);
    ASSERT(emptied.ok());
    free_window(window);
}

Status PvCpuState::register_callback(uint16_t type, uint16_t flags, uint64_t address) {
    if (!is_canonical(address)) return Error::invalid;
    CallbackKind kind = TRY(find_callback(type));
    this->*kind.place = {address, kind.always_masks || (flags & CALLBACKF_mask_events)};
    return success;
}

Status PvCpuState::unregister_callback(uint16_t type) {
    CallbackKind kind = TRY(find_callback(type));
    if (type != CALLBACKTYPE_nmi) return Error::invalid; // the others can only be replaced
    this->*kind.place = {};
    return success;
}

void PvCpuState::set_task_switched(bool set) {
    cr0 = (cr0 & ~cr0::task_switched) | (set ? cr0::task_switched : 0);
    if (!is_loaded(*this)) return;
    if (set)
        write_cr0(core_cr0() | cr0::task_switched);
    else
        clear_task_switched();
    cpu_local().fpu_task_switched = set;
}

Status PvCpuState::set_debug_register(unsigned index, uint64_t value) {
    switch (index = debug_register_of(index, cr4 & cr4::debugging_extensions)) {
    case 0 ... 3: // on xen-core's own addresses they would let a guest see what it does
        if (!is_guest_range(GuestVirt(value), 8)) return Error::not_permitted;
        break;
    case 6:
        if (value >> 32) return Error::invalid;
        value = (value & 0xffffefff) | dr6_ones;
        break;
    case 7: TRY(check_dr7(value)); break;
    default: return Error::no_device;
    }
    debug_registers[index] = value;
    if (is_loaded(*this)) load_debug_register(*this, index);
    return success;
}

Result<uint64_t> PvCpuState::get_debug_register(unsigned index) const {
    index = debug_register_of(index, cr4 & cr4::debugging_extensions);
    return index <= 7 ? Result<uint64_t>(debug_registers[index]) : Error::no_device;
}

Status PvCpuState::set_gdt(PvMmu& mmu, const uint64_t* frames, unsigned entries) {
    if (entries > FIRST_RESERVED_GDT_ENTRY) return Error::invalid;
    unsigned count = (entries + 511) / 512;
    Mfn taken[window_gdt_guest_pages];
    // One check of all frames, not restarted in the middle: its length is bounded by the 14 pages.
    WorkBudget budget(16 * 1024);
    for (unsigned i = 0; i < count; ++i) {
        taken[i] = Mfn(frames[i]);
        Status status = mmu.take_descriptor_page(taken[i], budget);
        if (!status.ok()) {
            while (i-- > 0) mmu.release_descriptor_page(taken[i]);
            return status;
        }
    }
    unsigned old_count = gdt_pages();
    Mfn old[window_gdt_guest_pages];
    memcpy(old, gdt_frames, sizeof(old));
    for (unsigned i = 0; i < window_gdt_guest_pages; ++i) {
        if (i >= count && i >= old_count) continue;
        if (i < count)
            map_window_page(window, i, gdt_frames[i] = taken[i]);
        else
            unmap_window_page(window, i);
        forget_window_page(window, i);
    }
    gdt_entries = entries;
    for (unsigned i = 0; i < old_count; ++i) mmu.release_descriptor_page(old[i]);
    return success;
}

Status PvCpuState::set_ldt(PvMmu& mmu, uint64_t base, unsigned entries) {
    if ((base & (page_size - 1)) || entries > max_ldt_entries) return Error::invalid;
    if (entries && !is_guest_range(GuestVirt(base), entries * 8)) return Error::invalid;
    if (entries == ldt_entries && base == ldt_base) return success;
    drop_ldt_pages(mmu);
    ldt_base = base;
    ldt_entries = entries;
    if (is_loaded(*this)) load_window_ldt(this_cpu(), window, entries);
    return success;
}

void PvCpuState::drop_ldt_pages(PvMmu& mmu, bool mmu_is_locked) {
    if (LIKELY(!__atomic_load_n(&ldt.mapped, __ATOMIC_RELAXED))) return;
    Mfn dropped[window_ldt_pages];
    unsigned count = 0;
    {
        Holding held(ldt.lock);
        for (unsigned page = 0; page < window_ldt_pages; ++page) {
            if (!(ldt.mapped & 1u << page)) continue;
            unmap_window_page(window, window_ldt_first_page + page);
            forget_window_page(window, window_ldt_first_page + page);
            dropped[count++] = ldt.frames[page];
        }
        ldt.mapped = 0;
    }
    auto release = mmu_is_locked ? &PvMmu::release_descriptor_page_locked : &PvMmu::release_descriptor_page;
    while (count-- > 0) (mmu.*release)(dropped[count]);
}

[[gnu::no_caller_saved_registers]] bool leads_to_linear_slot(GuestVirt start, size_t bytes) {
    const auto& slots = cpu_local().loaded->account->linear_slots;
    const uint64_t first = start.value >> level_shift(4),
                   further = (start.value % level_size(4) + bytes) >> level_shift(4);
    for (uint64_t slot = first; slot <= first + further; ++slot)
        if (slots[slot / 64 % 8].load(std::memory_order_relaxed) & uint64_t{1} << slot % 64) return true;
    return false;
}

bool PvCpuState::map_ldt_page(PvMmu& mmu, unsigned offset) {
    unsigned page = offset / page_size;
    if (page >= window_ldt_pages || offset / 8 >= ldt_entries) return false;
    GuestVirt address(ldt_base + page * page_size);
    Pte entry = mmu.find_entry(frame_of(MachAddr(kernel_cr3)), address);
    if (!entry.is_present()) return false;
    WorkBudget budget;
    if (!mmu.take_descriptor_page(entry.mfn(), budget).ok()) return false;
    {
        Holding held(ldt.lock);
        if (!(ldt.mapped & 1u << page)) {
            ldt.frames[page] = entry.mfn();
            map_window_page(window, window_ldt_first_page + page, entry.mfn());
            ldt.mapped |= 1u << page;
            return true;
        }
    }
    // Mapped already: a stale translation said otherwise.
    mmu.release_descriptor_page(entry.mfn());
    forget_window_page(window, window_ldt_first_page + page);
    return true;
}

} // namespace skerry
