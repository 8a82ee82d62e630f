// SPDX-License-Identifier: MIT
// What one PV vCPU has of a CPU: registers, trap table, callbacks, descriptor tables, control and debug registers,
// extended state, I/O privilege.
//
// Where the truth is: while the vCPU is loaded on a physical CPU (SchedEntity::is_on_cpu), its general registers are in that CPU's
// CpuLocal::frame, and segment selectors, FS/GS bases, debug registers and extended state are in the hardware. Otherwise
// they are here. The rest is here always.
//
// Who may call: the vCPU itself (its hypercalls and traps run on the CPU where it is loaded), or a controller of the
// domain while the vCPU is paused and saved. No lock: those two exclude each other.
// ABI: <xen/arch-x86/xen.h> vcpu_guest_context, <xen/callback.h>.
#pragma once

#include "arch/x86_64/cpu_local.h"
#include "arch/x86_64/page_table_entry.h"
#include "arch/x86_64/register_frame.h"
#include "base/result.h"
#include "base/types.h"

#include <xen/xen.h>

namespace skerry {

class Account;
class PvMmu;

namespace selector {
inline constexpr uint16_t ring3_cs32 = FLAT_RING3_CS32;
inline constexpr uint16_t ring3_cs64 = FLAT_RING3_CS64;
inline constexpr uint16_t ring3_ss = FLAT_RING3_SS64;
} // namespace selector

// A callback of the guest kernel. Address 0: not registered.
struct GuestCallback {
    uint64_t address = 0;
    bool masks_events = false;
};

inline constexpr unsigned guest_gdt_pages = FIRST_RESERVED_GDT_PAGE; // 14
inline constexpr unsigned guest_ldt_pages = 16;
inline constexpr unsigned max_ldt_entries = 8192;

struct PvCpuState : NonCopyable {
    // --- hot: entry, exit and bounce ---
    vcpu_info_t* vcpu_info = nullptr; // where events are announced; kept equal to Vcpu's by its owner (domain/)
    bool in_kernel = true;            // guest kernel mode (else guest user mode); both run in ring 3
    bool nmi_pending = false;
    bool nmi_masked = false; // an NMI handler of the guest runs: until its iret hypercall
    uint8_t iopl = 0;        // 0..3, as PHYSDEVOP_set_iopl
    bool architectural_iopl = false; // VMASST_TYPE_architectural_iopl of the domain
    uint64_t kernel_sp = 0;          // stack_switch
    uint64_t kernel_ss = 0;
    GuestCallback event_callback, failsafe_callback, syscall_callback, syscall32_callback, sysenter_callback, nmi_callback;
    uint64_t kernel_cr3 = 0; // address of the L4 of the kernel's address space; 0: none
    uint64_t user_cr3 = 0;   // the same of the user's; 0: none
    uint64_t cr0 = 0, cr2 = 0, cr4 = 0; // as the guest sees them; cr2 is a copy, vcpu_info->arch.cr2 is what guests read

    // --- the rest of the processor ---
    RegisterFrame registers{};
    uint16_t ds = 0, es = 0, fs = 0, gs = 0;
    uint64_t fs_base = 0, gs_base_kernel = 0, gs_base_user = 0;
    uint64_t debug_registers[8]{}; // 0-3, 6, 7
    void* extended_state = nullptr; // one page, in xsave format; see arch/x86_64/xsave.h
    uint64_t xcr0 = 0;
    uint64_t tsc_aux = 0;

    // --- descriptor tables ---
    Mfn gdt_frames[guest_gdt_pages]; // frames that hold a segment-descriptor reference; the first gdt_page_count() count
    unsigned gdt_entries = 0;
    uint64_t ldt_base = 0; // linear address in the guest
    unsigned ldt_entries = 0;
    uint32_t ldt_mapped = 0; // bit per page of the LDT window that is mapped, with the frame in ldt_frames
    Mfn ldt_frames[guest_ldt_pages];
    uint32_t window = 0; // index of its descriptor-table window (traps/ and arch windows.h)

    uint64_t io_bitmap = 0; // guest linear address; PHYSDEVOP_set_iobitmap
    uint32_t io_bitmap_ports = 0;

    trap_info_t traps[256]{};

    // --- hypercalls of the running vCPU, and initialisation from a vcpu_guest_context ---

    // Allocates the extended-state page (charged to `account`) and the window. Errors: no_memory.
    Status create(Account& account);
    // Gives back everything it holds: descriptor pages, window, extended state. The vCPU never runs again.
    void destroy(PvMmu& mmu);

    // set_trap_table: one entry; an address of 0 ends the table for the caller. Errors: invalid (not canonical).
    Status set_trap(const trap_info_t& entry);
    void clear_traps();
    // callback_op and set_callbacks, nmi_op. Errors: invalid (not canonical), no_system_call (unknown type).
    Status register_callback(uint16_t type, uint16_t flags, uint64_t address);
    Status unregister_callback(uint16_t type);
    // stack_switch. Errors: not_permitted (selector is not a ring 3 one).
    Status set_kernel_stack(uint64_t ss, uint64_t sp);
    // set_segment_base of the running vCPU. Errors: invalid (unknown base), bad address: invalid.
    Status set_segment_base(uint32_t which, uint64_t base);
    // fpu_taskswitch of the running vCPU.
    void set_task_switched(bool set);
    // set_debugreg and get_debugreg of the running vCPU. Errors: invalid.
    Status set_debug_register(unsigned index, uint64_t value);
    Result<uint64_t> get_debug_register(unsigned index) const;
    // set_gdt: takes segment-descriptor references on the frames, then drops the old ones. At most 14 frames.
    // For the running vCPU, or one that is not loaded. Errors: invalid, and those of the segment-descriptor promotion.
    Status set_gdt(PvMmu& mmu, const uint64_t* frames, unsigned entries);
    // MMUEXT_SET_LDT. Errors: invalid.
    Status set_ldt(PvMmu& mmu, uint64_t base, unsigned entries);
    // Drops the lazily mapped LDT pages: at set_ldt, new_baseptr, and when pv_mmu wants a descriptor page for other use.
    void drop_ldt_pages(PvMmu& mmu);

    // VCPUOP_initialise, XEN_DOMCTL_setvcpucontext: everything but the page-table bases (the caller takes those through
    // PvMmu and sets kernel_cr3/user_cr3). The vCPU must not be loaded. Errors: invalid, and those of set_gdt.
    Status set_context(PvMmu& mmu, const vcpu_guest_context_t& context);
    // XEN_DOMCTL_getvcpucontext: everything but ctrlreg[1] and [3] as the guest sees them in frame-number form.
    void get_context(vcpu_guest_context_t& context) const;
};

// --- context switch, on the CPU concerned, as the scheduler's Decision says ---

// Copies registers, segments, debug registers and extended state out of this CPU, and leaves it on xen-core's own
// address space and descriptor tables: afterwards the vCPU may run elsewhere or end.
void save_state(CpuLocal& cpu, PvCpuState& state);
// The reverse. Nothing may be loaded on this CPU.
void load_state(CpuLocal& cpu, PvCpuState& state);

// CR3 of the loaded vCPU has changed (new_baseptr, or the toggle between kernel and user mode): use kernel_cr3 or user_cr3.
void load_address_space(CpuLocal& cpu, PvCpuState& state);
// Guest kernel mode to guest user mode or back: address space and GS base.
void toggle_guest_mode(CpuLocal& cpu, PvCpuState& state);

// Is this a code or data segment that a ring-3 PV guest may have, or the null one? `low`, `high`: halves of the descriptor.
// Ring 0 descriptors are changed to ring 3, as Xen does. True when the descriptor may be installed.
bool check_descriptor(uint64_t& descriptor);

// Guest code selectors always have a privilege level of 3.
constexpr uint16_t ring3_selector(uint16_t selector) { return selector | 3; }

} // namespace skerry
