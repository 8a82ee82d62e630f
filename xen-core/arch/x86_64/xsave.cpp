// SPDX-License-Identifier: MIT
#include "arch/x86_64/xsave.h"

#include "arch/x86_64/code_tables.h"

namespace skerry {

bool xrstor_safe(const void* area, uint64_t components) {
    uint32_t ok;
    asm volatile("1: xrstor64 (%1); movl $1, %0; jmp 3f\n"
                 "2: xorl %0, %0\n3:\n" EXCEPTION_FIXUP("1b", "2b")
                 : "=&r"(ok)
                 : "r"(area), "a"(static_cast<uint32_t>(components)), "d"(static_cast<uint32_t>(components >> 32))
                 : "memory");
    return ok;
}

bool fxrstor_safe(const void* area) {
    uint32_t ok;
    asm volatile("1: fxrstor64 (%1); movl $1, %0; jmp 3f\n"
                 "2: xorl %0, %0\n3:\n" EXCEPTION_FIXUP("1b", "2b")
                 : "=&r"(ok)
                 : "r"(area)
                 : "memory");
    return ok;
}

} // namespace skerry
