// SPDX-License-Identifier: MIT
// What each physical CPU owns, and the shape of its stack.
//
// One naturally aligned 32 KiB region per CPU, at cpu_stack_base(cpu):
//
//   page 0     the SYSCALL entry: the same page of xen-core's text for every CPU, read-only and executable
//              (set_up_cpu_entry() maps it). Its code finds this CPU's stack relative to its own address. As a page
//              without write permission it is also the guard below the #DF stack.
//   page 1     #DF stack (IST 1)
//   page 2     upper half: #MC stack (IST 2), lower half: #DB stack (IST 4)
//   page 3     NMI stack (IST 3)
//   page 4     not mapped: guard
//   pages 5-7  the stack. CpuLocal is its last object.
//
// So `rsp | 0x7fff` finds CpuLocal on every one of these stacks; no register and no swapgs is spent on it.
//
// CpuLocal begins with the frame of the guest that this CPU runs: SYSCALL pushes into it, and TSS.rsp0 is its end.
// While the CPU idles, the frame still holds the registers of the last vCPU (`loaded`), which need not be saved if that
// vCPU is the next to run.
//
// Only the CPU itself reads or writes its CpuLocal, but for pending_work.
#pragma once

#define CPU_STACK_SIZE 0x8000
#define CPU_STACK_TRAMPOLINE_PAGE 0
#define CPU_STACK_GUARD_PAGE 4
#define CPU_IST_DOUBLE_FAULT 1
#define CPU_IST_MACHINE_CHECK 2
#define CPU_IST_NMI 3
#define CPU_IST_DEBUG 4
// CpuLocal without the frame, and the end of the frame counted from the bottom of the region.
#define CPU_LOCAL_TAIL 192
#define CPU_STACK_FRAME_END (CPU_STACK_SIZE - CPU_LOCAL_TAIL)

#include "arch/x86_64/layout.h"
#include "arch/x86_64/register_frame.h"

#ifndef __ASSEMBLER__
#include <atomic>

namespace skerry {

struct Vcpu;       // domain/vcpu.h
struct PvCpuState; // domain/pv_cpu_state.h

// Reasons to leave the fast exit path; bits of CpuLocal::pending_work.
enum class PendingWork : uint32_t {
    reschedule = 1 << 0, // run the scheduler before the next instruction of a guest
    timer = 1 << 1,      // the timer queue of this CPU has expired entries
    tlb_flush = 1 << 2,  // a shoot-down request waits in the mailbox
    upcall = 1 << 3,     // nothing but to look at the events of the vCPU that runs there
    output = 1 << 4,     // this CPU wrote to the console: who reads its ring is to be told (VIRQ_CON_RING)
    nmi = 1 << 5,        // an NMI came that nobody asked for: it may have met any lock, so it is told of here
};

// The 64-bit TSS (Intel SDM volume 3, 8.7): where the CPU finds its stacks.
struct [[gnu::packed]] TaskState {
    uint32_t reserved0;
    uint64_t rsp[3];
    uint64_t reserved1;
    uint64_t ist[7];
    uint64_t reserved2;
    uint16_t reserved3;
    uint16_t io_bitmap_offset;
};
static_assert(sizeof(TaskState) == 104);

struct CpuLocal {
    RegisterFrame frame;
    // 16-byte aligned from here (offset 168 from a base that is 8 modulo 16).
    Vcpu* current;      // the vCPU being run; null while idle
    PvCpuState* loaded; // whose registers, address space and FPU this CPU holds; may differ from current only when idle
    std::atomic<uint32_t> pending_work;
    CpuId id;
    uint32_t loaded_cr4;    // low half of CR4 as this CPU has it (PV guests choose TSD, DE, FSGSBASE)
    bool fpu_task_switched; // CR0.TS as this CPU has it
    bool in_idle;           // the idle loop runs: interrupts come from ring 0
    uint32_t tsc_aux;       // MSR TSC_AUX as this CPU has it
    TaskState task_state;
    // What CR3 has besides the table's address when the loaded vCPU's user [0] or kernel [1] runs (arch/x86_64/tlb.h).
    uint64_t cr3_tags[2];
    uint64_t spare[4]; // the frame ends where a cache line does

    bool has_work() const { return pending_work.load(std::memory_order_relaxed) != 0; }
    // Takes all bits at once.
    uint32_t take_work() { return pending_work.exchange(0, std::memory_order_acquire); }
};

static_assert(offsetof(CpuLocal, frame) == 0);
static_assert(sizeof(CpuLocal) == sizeof(RegisterFrame) + CPU_LOCAL_TAIL);
// The hardware aligns the stack to 16 bytes before it pushes: the end of the frame must be aligned already.
static_assert(CPU_STACK_FRAME_END % 16 == 0);

inline CpuLocal& cpu_local() {
    uintptr_t end;
    asm("mov %%rsp, %0\n\tor %1, %0" : "=&r"(end) : "i"(CPU_STACK_SIZE - 1));
    return *reinterpret_cast<CpuLocal*>(end + 1 - sizeof(CpuLocal));
}

inline CpuId this_cpu() { return cpu_local().id; }

constexpr uint64_t cpu_stack_base(CpuId cpu) { return layout::stacks + cpu.value * CPU_STACK_SIZE; }

// The CpuLocal of any CPU that has been started.
inline CpuLocal& cpu_local_of(CpuId cpu) {
    return *reinterpret_cast<CpuLocal*>(cpu_stack_base(cpu) + CPU_STACK_SIZE - sizeof(CpuLocal));
}

// Sets the bit; if it was not set and the CPU is another one, sends it an IPI, so that it sees the bit before it runs
// another instruction of a guest for long. Never waits.
void raise_work(CpuId cpu, PendingWork work);

} // namespace skerry
#endif
