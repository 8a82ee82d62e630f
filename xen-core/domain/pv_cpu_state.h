// SPDX-License-Identifier: MIT
// What one PV vCPU has of a CPU: registers, trap table, callbacks, descriptor tables, control and debug registers,
// extended state, I/O privilege.
//
// Where the truth is: while the vCPU is loaded on a physical CPU (SchedEntity::is_on_cpu), its general registers are in
// that CPU's CpuLocal::frame, and segment selectors, FS/GS bases, debug registers and extended state are in the
// hardware. Otherwise they are here. The rest is here always.
//
// Who may call: the vCPU itself (its hypercalls and traps run on the CPU where it is loaded), or a controller of the
// domain while the vCPU is paused and saved. No lock: those two exclude each other.
// ABI: <xen/arch-x86/xen.h> vcpu_guest_context, <xen/callback.h>.
#pragma once

#include "arch/x86_64/cpu_local.h"
#include "arch/x86_64/descriptor_windows.h"
#include "arch/x86_64/page_table_entry.h"
#include "arch/x86_64/segments.h"
#include "domain/extended_state.h"
#include "memory/allocator.h"

#include <algorithm>

namespace skerry {

class PvMmu;

// A callback of the guest kernel. Address 0: not registered.
struct GuestCallback {
    uint64_t address = 0;
    bool masks_events = false;
};

static_assert(window_gdt_guest_pages == FIRST_RESERVED_GDT_PAGE);
static_assert(selector::ring3_code64 == FLAT_RING3_CS64 && selector::ring3_code32 == FLAT_RING3_CS32 &&
              selector::ring3_data == FLAT_RING3_SS64);
inline constexpr uint32_t max_io_ports = 65536;
inline constexpr unsigned max_ldt_entries = 8192;

struct PvCpuState : NonCopyable {
    // --- hot: entry, exit and bounce ---
    vcpu_info_t* vcpu_info = nullptr; // where events are announced; kept equal to Vcpu's by its owner (domain/)
    bool in_kernel = true;            // guest kernel mode (else guest user mode); both run in ring 3
    bool nmi_pending = false;
    bool nmi_masked = false; // an NMI handler of the guest runs: until its iret hypercall
    uint8_t iopl = 0;        // 0..3, as PHYSDEVOP_set_iopl
    uint64_t kernel_sp = 0;  // stack_switch
    uint64_t kernel_ss = 0;
    GuestCallback event_callback, failsafe_callback, syscall_callback, syscall32_callback, sysenter_callback,
        nmi_callback;
    uint64_t kernel_cr3 = 0;   // address of the L4 of the kernel's address space; 0: none
    uint64_t user_cr3 = 0;     // the same of the user's; 0: none
    uint64_t cr0 = 0, cr4 = 0; // as the guest sees them; its CR2 is vcpu_info->arch.cr2

    // --- the rest of the processor ---
    RegisterFrame registers{};
    uint16_t ds = 0, es = 0, fs = 0, gs = 0;
    uint64_t fs_base = 0, gs_base_kernel = 0, gs_base_user = 0;
    uint64_t debug_registers[8]{}; // 0-3, 6, 7
    CoreBox<ExtendedState> extended_state;
    uint64_t xcr0 = 0; // the guest's; state is always saved for all of cpu_features.xcr0
    uint32_t tsc_aux = 0;

    // --- descriptor tables ---
    Account* account = nullptr;
    uint32_t window = 0;                    // 0: none yet
    Mfn gdt_frames[window_gdt_guest_pages]; // each has a use as a descriptor page; the first gdt_pages() of them count
    unsigned gdt_entries = 0;
    uint64_t ldt_base = 0; // linear address in the guest
    unsigned ldt_entries = 0;
    // Pages of the LDT that are mapped into the window, each with a use as a descriptor page. Another vCPU of the domain
    // may drop them (forget_ldt_pages), so they have a lock; the frames are released without it.
    struct {
        Lock<LockRank::descriptor_window> lock;
        uint32_t mapped = 0; // a bit per page
        Mfn frames[window_ldt_pages];
    } ldt;

    uint64_t io_bitmap = 0;       // guest linear address; PHYSDEVOP_set_iobitmap
    uint32_t io_bitmap_ports = 0; // at most max_io_ports

    trap_info_t traps[256]{};

    // --- hypercalls of the running vCPU, and initialisation from a vcpu_guest_context ---

    // Allocates the extended-state page (charged to `account`) and the window. Errors: no_memory, no_space.
    Status create(Account& account);
    // Gives back the descriptor pages and the window. The vCPU is not loaded and never runs again.
    void destroy(PvMmu& mmu);

    // callback_op and set_callbacks, nmi_op. Errors: invalid (not canonical), no_system_call (unknown type).
    Status register_callback(uint16_t type, uint16_t flags, uint64_t address);
    Status unregister_callback(uint16_t type);
    // fpu_taskswitch of the running vCPU.
    void set_task_switched(bool set);
    // set_debugreg and get_debugreg of the running vCPU. Errors: invalid.
    Status set_debug_register(unsigned index, uint64_t value);
    Result<uint64_t> get_debug_register(unsigned index) const;
    // set_gdt: takes uses of the frames as descriptor pages, then drops the old ones. At most 14 frames; `entries`
    // 0..7168. For the running vCPU (it takes effect at once), or one that is not loaded. Errors: invalid, those of
    // PvMmu::take_descriptor_page (restart among them).
    Status set_gdt(PvMmu& mmu, const uint64_t* frames, unsigned entries);
    unsigned gdt_pages() const { return (gdt_entries + 511) / 512; }
    // MMUEXT_SET_LDT of the running vCPU. Errors: invalid.
    Status set_ldt(PvMmu& mmu, uint64_t base, unsigned entries);
    // Forgets the LDT pages mapped on demand: at set_ldt and when a base is replaced; and, with pv_mmu's lock held,
    // from PvMmuHost::forget_ldt_pages for any vCPU of the domain.
    void drop_ldt_pages(PvMmu& mmu, bool mmu_is_locked = false);
    // A fault in the LDT window: maps the page at `offset` of it. False: the guest has none there.
    bool map_ldt_page(PvMmu& mmu, unsigned offset);

    // VCPUOP_initialise, XEN_DOMCTL_setvcpucontext: everything but the page-table bases (the caller takes those through
    // PvMmu and sets kernel_cr3/user_cr3). The vCPU must not be loaded. Errors: invalid, and those of set_gdt.
    Status set_context(PvMmu& mmu, const vcpu_guest_context_t& context);
    // XEN_DOMCTL_getvcpucontext: everything but ctrlreg[1] and [3] as the guest sees them in frame-number form.
    void get_context(vcpu_guest_context_t& context) const;
};

// --- context switch, on the CPU concerned, as the scheduler's Decision says ---

// Copies `save` (or null) out of this CPU and loads `load` (or null: xen-core's own address space and descriptor
// tables). Afterwards `save` may run elsewhere or end. False: a segment of `load` could not be loaded (its selector is
// now null), which its kernel must be told by its failsafe callback.
bool switch_state(CpuLocal& cpu, PvCpuState* save, PvCpuState* load);

// A page-table base of the loaded vCPU has changed: use kernel_cr3 or user_cr3, whichever applies, and trust no
// translation of either.
inline void load_address_space(CpuLocal& cpu, const PvCpuState& state) {
    constexpr uint64_t user_pcid = 1, kernel_pcid = 2;
    bool has_pcid = cpu_features.cr3_no_flush;
    cpu.cr3_tags[0] = has_pcid ? user_pcid : 0;
    cpu.cr3_tags[1] = has_pcid ? kernel_pcid : 0;
    write_cr3((state.in_kernel ? state.kernel_cr3 : state.user_cr3) | cpu.cr3_tags[state.in_kernel]);
}
// Performs `access` to memory where the guest's kernel sees it, which its user mode may not.
template <typename Access> void in_kernel_space(CpuLocal& cpu, const PvCpuState& state, Access&& access) {
    if (!state.in_kernel) write_cr3(state.kernel_cr3);
    access();
    if (!state.in_kernel) load_address_space(cpu, state);
}
// Guest user mode to guest kernel mode or back, of the loaded vCPU: address space and GS base.
[[gnu::always_inline]] inline void enter_guest_mode(CpuLocal& cpu, PvCpuState& state, bool in_kernel) {
    swap_gs();
    state.in_kernel = in_kernel;
    cpu.cr3_tags[!in_kernel] |= cpu_features.cr3_no_flush; // up to date as long as nobody flushes
    write_cr3((in_kernel ? state.kernel_cr3 : state.user_cr3) | cpu.cr3_tags[in_kernel]);
}
// The hardware's copies of a debug register; and a new selector for the user's GS while the kernel runs.
void load_debug_register(const PvCpuState& state, unsigned index);
void load_user_gs_selector(uint16_t value);
// Gives the CPU the CR4 that this vCPU is to have, from its own choices. (What a guest sees of it is state.cr4.)
void load_cr4(CpuLocal& cpu, const PvCpuState& state);
// What a guest may have in CR4 when it asks for `wanted`.
uint64_t guest_cr4(uint64_t wanted);

} // namespace skerry
