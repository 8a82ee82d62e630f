// SPDX-License-Identifier: MIT
// Entries from Xen: exceptions, events, system calls. A case expects an exception with attempt(), or installs a
// handler. ABI: xen/arch-x86/xen-x86_64.h (frames, struct iret_context), set_trap_table, set_callbacks.
#pragma once
#include "lib/hypercall.h"

namespace skerry::guest {

// What entry.S pushes; also what resume_from() continues. `cs` has RPL 0 for kernel mode and 3 for user mode (Xen's
// convention).
struct Frame {
    uint64_t r15, r14, r13, r12, rbp, rbx, r10, r9, r8, rsi, rdi, rdx;
    uint64_t vector; // 0-31 exceptions, and the pseudo vectors below
    uint64_t rax, r11, rcx;
    uint64_t error;
    uint64_t rip, cs, rflags, rsp, ss;
    bool from_user() const { return (cs & 3) == 3; }
};
constexpr int event_vector = 256, syscall_vector = 257, sysenter_vector = 258, nmi_vector = 259, soft_vector = 260,
              failsafe_vector = 261;

// An exception that came, or none (vector -1).
struct Trap {
    int vector = -1;
    uint64_t error = 0;
    uint64_t cr2 = 0;
    Frame frame{};
};
constexpr int no_trap = -1, divide_error = 0, debug_trap = 1, breakpoint = 3, invalid_opcode = 6,
              device_not_available = 7, segment_not_present = 11, stack_fault = 12, general_protection = 13,
              page_fault = 14, floating_point = 16, simd_fault = 19;
constexpr uint64_t fault_present = 1, fault_write = 2, fault_user = 4, fault_reserved = 8, fault_fetch = 16;

struct SavePoint {
    uint64_t rip, rsp, rbx, rbp, r12, r13, r14, r15;
};
extern "C" [[gnu::returns_twice]] int save_point(SavePoint*);
extern "C" [[noreturn]] void restore_point(SavePoint*);
extern "C" [[noreturn]] void resume_from(const Frame*);
extern "C" const unsigned long trap_entries[32];
extern "C" void event_entry(), syscall_entry(), sysenter_entry(), failsafe_entry(), nmi_entry(), soft_trap_entry();
extern "C" uint64_t failsafe_selectors[4]; // ds es fs gs of the last failsafe callback

// Registers the trap table and the callbacks for the calling vCPU.
void install_traps();

// A handler is asked first, with the frame it may change; true means handled: continue there.
using TrapHandler = bool (*)(Frame&);
TrapHandler set_trap_handler(int vector, TrapHandler handler); // returns the former one

// The way back of the innermost attempt() on this vCPU.
struct Attempt {
    SavePoint point;
    Trap trap;
    Attempt* outer;
};
extern Attempt* current_attempt[2];
int this_vcpu(); // 0 or 1, by the stack in use

// Runs `body`; if it raises an exception (in kernel or user mode), abandons it and returns what came.
template <typename Body> Trap attempt(Body body) {
    Attempt frame{};
    Attempt*& current = current_attempt[this_vcpu()];
    frame.outer = current;
    if (save_point(&frame.point) == 0) {
        current = &frame;
        asm volatile("" ::: "memory"); // before anything the body does
        body();
    }
    asm volatile("" ::: "memory");
    current_attempt[this_vcpu()] = frame.outer;
    return frame.trap;
}

// Single accesses that may fault.
inline Trap try_read(const void* at) {
    return attempt([=] { asm volatile("movb (%0), %%al" ::"r"(at) : "rax", "memory"); });
}
inline Trap try_write(void* at) {
    return attempt([=] { asm volatile("orb $0, (%0)" ::"r"(at) : "memory"); });
}
inline Trap try_store(void* at, uint64_t value) {
    return attempt([=] { asm volatile("movq %1, (%0)" ::"r"(at), "r"(value) : "memory"); });
}

} // namespace skerry::guest
