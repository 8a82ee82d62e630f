// SPDX-License-Identifier: MIT
// Exceptions: page faults go to the regions; everything else, and every fault nobody wants, is the end of the domain, with
// registers and a back trace.
#include "traps.h"

#include "debug_heap.h"
#include "internal.h"
#include "regions.h"

#include <initializer_list>

extern "C" {
extern const std::uint64_t minios_exception_entries[22];
void minios_event_callback();
void minios_failsafe_callback();
void minios_syscall_callback();
}

namespace minios {
namespace {

constexpr unsigned page_fault = 14;
constexpr std::uint64_t fault_present = 1, fault_write = 2, fault_fetch = 16;

trap_info_t trap_table[23];
unsigned exception_depth;

std::uint64_t fault_address() { return minios_shared_info.vcpu_info[0].arch.cr2; }

} // namespace

const char* exception_name(std::uint64_t vector) {
    static const char* const names[] = {"divide error",
                                        "debug",
                                        "NMI",
                                        "breakpoint",
                                        "overflow",
                                        "bound range",
                                        "invalid opcode",
                                        "no FPU",
                                        "double fault",
                                        "coprocessor overrun",
                                        "invalid TSS",
                                        "segment not present",
                                        "stack fault",
                                        "general protection",
                                        "page fault",
                                        "reserved",
                                        "x87 error",
                                        "alignment check",
                                        "machine check",
                                        "SIMD error",
                                        "virtualization exception",
                                        "control protection"};
    return vector < sizeof(names) / sizeof(names[0]) ? names[vector] : "unknown exception";
}

void traps_start() {
    unsigned used = 0;
    for (unsigned vector = 0; vector < 22; ++vector) {
        if (minios_exception_entries[vector] == 0) continue;
        trap_info_t& trap = trap_table[used++];
        trap.vector = static_cast<std::uint8_t>(vector);
        trap.flags = 0;
        trap.cs = FLAT_KERNEL_CS;
        trap.address = minios_exception_entries[vector];
    }
    long trap_result = hypercall::set_trap_table(trap_table);
    long callback_result = hypercall::set_callbacks(reinterpret_cast<std::uint64_t>(&minios_event_callback),
                                                    reinterpret_cast<std::uint64_t>(&minios_failsafe_callback),
                                                    reinterpret_cast<std::uint64_t>(&minios_syscall_callback));
    if (trap_result < 0 || callback_result < 0)
        panic("set_trap_table: %ld, set_callbacks: %ld", trap_result, callback_result);
}

void print_registers(const ExceptionFrame& f) {
    print("rip %016lx rsp %016lx rflags %08lx cs %04lx ss %04lx\n", f.rip, f.rsp, f.rflags, f.cs & 0xffff,
          f.ss & 0xffff);
    print("rax %016lx rbx %016lx rcx %016lx rdx %016lx\n", f.rax, f.rbx, f.rcx, f.rdx);
    print("rsi %016lx rdi %016lx rbp %016lx r8  %016lx\n", f.rsi, f.rdi, f.rbp, f.r8);
    print("r9  %016lx r10 %016lx r11 %016lx r12 %016lx\n", f.r9, f.r10, f.r11, f.r12);
    print("r13 %016lx r14 %016lx r15 %016lx\n", f.r13, f.r14, f.r15);
}

namespace {

/// What is known of the memory that a fault was about.
void explain(const ExceptionFrame& frame, std::uint64_t address) {
    if (frame.vector == page_fault && (frame.error_code & fault_fetch) == 0) {
        const bool write = (frame.error_code & fault_write) != 0;
        if (const char* why = regions::explain(address, write); why != nullptr) print("%lx: %s\n", address, why);
        debug_heap::explain_fault(address);
    }
    if (!debug_heap::wanted()) return;
    for (const std::uint64_t value : {frame.rax, frame.rbx, frame.rcx, frame.rdx, frame.rsi, frame.rdi, frame.r8,
                                      frame.r9, frame.r10, frame.r11, frame.r12, frame.r13, frame.r14, frame.r15})
        debug_heap::explain_register(value);
}

} // namespace

void end_by_exception(const ExceptionFrame& frame) {
    if (++exception_depth > 2) // the dump itself faults
        shutdown(ShutdownReason::crash);
    console::stop_waiting();
    print("\nminios: %s (vector %lu, error %lx) at %lx", exception_name(frame.vector), frame.vector, frame.error_code,
          frame.rip);
    if (frame.vector == page_fault) print(", address %lx", fault_address());
    print(", thread %s\n", threads::name(threads::current()));
    explain(frame, frame.vector == page_fault ? fault_address() : 0);
    print_registers(frame);
    print_back_trace(frame.rip, frame.rbp);
    shutdown(ShutdownReason::crash);
}

extern "C" void minios_exception(ExceptionFrame* frame) {
    if (frame->vector == page_fault && (frame->error_code & fault_fetch) == 0 &&
        regions::page_fault(fault_address(), (frame->error_code & fault_write) != 0,
                            (frame->error_code & fault_present) != 0))
        return;
    if (!minios_debug_exception(*frame)) end_by_exception(*frame);
}

extern "C" void minios_failsafe(const std::uint64_t* stack) {
    panic("failsafe callback: a selector could not be loaded; ds %lx es %lx fs %lx gs %lx", stack[2], stack[3],
          stack[4], stack[5]);
}

} // namespace minios
