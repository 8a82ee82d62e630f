// SPDX-License-Identifier: MIT
// What moves between a CPU and a PvCpuState when the vCPU on it changes.
#include "arch/x86_64/core_page_tables.h"
#include "domain/pv_cpu_state.h"

namespace skerry {

constexpr uint64_t dr7_enable_mask = 0xff;

static void save(CpuLocal& cpu, PvCpuState& state) {
    state.registers = cpu.frame;
    state.ds = read_ds();
    state.es = read_es();
    state.fs = read_fs();
    state.gs = read_gs();
    bool fast = cpu.loaded_cr4 & cr4::fsgsbase;
    state.fs_base = read_fs_base(fast);
    uint64_t in_use = read_gs_base(fast), other = read_msr(msr::kernel_gs_base);
    state.gs_base_kernel = state.in_kernel ? in_use : other;
    state.gs_base_user = state.in_kernel ? other : in_use;
    if (cpu.fpu_task_switched) {
        clear_task_switched();
        cpu.fpu_task_switched = false;
    }
    if (state.xcr0 != cpu_features.xcr0 && cpu_features.xsave) write_xcr0(cpu_features.xcr0);
    state.extended_state->save();
    cpu.loaded = nullptr;
}

static bool load(CpuLocal& cpu, PvCpuState& state) {
    load_cr4(cpu, state);
    load_window_gdt(state.window);
    // The previous vCPU's LDT descriptor may be loaded even if this one has none.
    load_window_ldt(cpu.id, state.window, state.ldt_entries);
    cpu.frame = state.registers;
    bool ok = true;
    // Loading a selector, even null, may leave or clear the base: bases come afterwards.
    if (state.ds | read_ds()) ok &= load_ds(state.ds);
    if (state.es | read_es()) ok &= load_es(state.es);
    if (state.fs | read_fs()) ok &= load_fs(state.fs);
    if (state.gs | read_gs()) ok &= load_gs(state.gs);
    bool fast = cpu.loaded_cr4 & cr4::fsgsbase;
    write_fs_base(fast, state.fs_base);
    write_gs_base(fast, state.in_kernel ? state.gs_base_kernel : state.gs_base_user);
    write_msr(msr::kernel_gs_base, state.in_kernel ? state.gs_base_user : state.gs_base_kernel);
    state.extended_state->restore();
    if (state.xcr0 != cpu_features.xcr0 && cpu_features.xsave) write_xcr0(state.xcr0);
    if (state.cr0 & cr0::task_switched) {
        write_cr0(core_cr0() | cr0::task_switched);
        cpu.fpu_task_switched = true;
    }
    if (UNLIKELY(cpu_features.rdtscp && cpu.tsc_aux != state.tsc_aux)) {
        write_msr(msr::tsc_aux, state.tsc_aux);
        cpu.tsc_aux = state.tsc_aux;
    }
    cpu.loaded = &state;
    return ok;
}

bool switch_state(CpuLocal& cpu, PvCpuState* saved, PvCpuState* loaded) {
    Account* left = saved ? saved->account : nullptr;
    if (saved) save(cpu, *saved);
    bool ok = true;
    if (loaded) {
        if (loaded->account != left) loaded->account->users.enter(cpu.id);
        // Always written: that is what makes this CPU forget translations, those of the descriptor windows included.
        load_address_space(cpu, *loaded);
        ok = load(cpu, *loaded);
    } else {
        load_window_gdt(0);
        load_window_ldt(cpu.id, 0, 0);
        // Its segments point into tables that are no longer there.
        (void)load_ds(0);
        (void)load_es(0);
        (void)load_fs(0);
        (void)load_gs(0);
        write_cr3(address_of(core_l4).value);
    }
    // Breakpoints are per vCPU; the array in PvCpuState is always true, so only the hardware changes here.
    if (UNLIKELY(saved && (saved->debug_registers[7] & dr7_enable_mask))) write_dr7(0x400);
    if (UNLIKELY(loaded && (loaded->debug_registers[7] & dr7_enable_mask)))
        for (unsigned index : {0, 1, 2, 3, 6, 7}) load_debug_register(*loaded, index);
    if (left && (!loaded || loaded->account != left)) left->users.leave(cpu.id);
    return ok;
}

void load_cr4(CpuLocal& cpu, const PvCpuState& state) {
    // What a guest chooses; the rest is the machine's.
    constexpr uint64_t choices = cr4::time_stamp_disable | cr4::debugging_extensions | cr4::fsgsbase;
    auto wanted = static_cast<uint32_t>((core_cr4() & ~choices) | (state.cr4 & choices));
    if (wanted != cpu.loaded_cr4) write_cr4(wanted);
    cpu.loaded_cr4 = wanted;
}

uint64_t guest_cr4(uint64_t wanted) {
    uint64_t choices = cr4::time_stamp_disable | cr4::debugging_extensions | cr4::osxsave;
    if (!cpu_features.xsave) choices &= ~cr4::osxsave;
    if (cpu_features.fsgsbase) choices |= cr4::fsgsbase;
    // The rest reads as what xen-core runs with, less what a PV guest has no part in.
    constexpr uint64_t hidden = cr4::page_global | cr4::smep | cr4::smap | cr4::umip | cr4::pcid | cr4::fsgsbase |
                                cr4::osxsave | cr4::time_stamp_disable | cr4::debugging_extensions;
    return (core_cr4() & ~hidden) | (wanted & choices);
}

void load_debug_register(const PvCpuState& state, unsigned index) {
    static constexpr void (*write[])(uint64_t) = {write_dr0, write_dr1, write_dr2, write_dr3,
                                                  nullptr,   nullptr,   write_dr6, write_dr7};
    write[index](state.debug_registers[index]);
}

void load_user_gs_selector(uint16_t value) {
    // While the kernel runs, the user's GS base is the one that SWAPGS brings. A selector that cannot be loaded becomes
    // null.
    swap_gs();
    (void)load_gs(value);
    swap_gs();
}

} // namespace skerry
