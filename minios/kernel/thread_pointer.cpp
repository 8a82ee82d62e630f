// SPDX-License-Identifier: MIT
// WRFSBASE where the processor has it (a few cycles), else a hypercall. The first change is always a hypercall, so that
// a domain with one thread does not ask: asking means three emulated instructions.
#include "thread_pointer.h"

#include "internal.h"

namespace minios {

namespace {

constexpr std::uint64_t cr4_fsgsbase = 1 << 16;
constexpr std::uint32_t leaf_7_ebx_fsgsbase = 1;

bool processor_has_fsgsbase() {
    std::uint32_t eax = 7, ebx, ecx = 0, edx;
    asm volatile("cpuid" : "+a"(eax), "=b"(ebx), "+c"(ecx), "=d"(edx));
    return (ebx & leaf_7_ebx_fsgsbase) != 0;
}

/// Control registers are the hypervisor's; it emulates access to the few bits that a guest may choose.
bool enable_fsgsbase() {
    if (!processor_has_fsgsbase()) return false;
    std::uint64_t cr4;
    asm volatile("mov %%cr4, %0" : "=r"(cr4));
    if ((cr4 & cr4_fsgsbase) != 0) return true;
    asm volatile("mov %0, %%cr4" : : "r"(cr4 | cr4_fsgsbase));
    asm volatile("mov %%cr4, %0" : "=r"(cr4));
    return (cr4 & cr4_fsgsbase) != 0;
}

} // namespace

bool thread_pointer_by_instruction = false;

void set_thread_pointer_slowly(void* block) {
    static unsigned changes;
    if (changes < 2 && ++changes == 2) thread_pointer_by_instruction = enable_fsgsbase();
    if (thread_pointer_by_instruction)
        set_thread_pointer(block);
    else if (hypercall::set_segment_base(SEGBASE_FS, hypercall::address(block)) < 0)
        panic("threads: cannot set the %%fs base to %p", block);
}

} // namespace minios
