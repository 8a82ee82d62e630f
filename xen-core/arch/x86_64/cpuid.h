// SPDX-License-Identifier: MIT
// The CPUID instruction. Policy (which features are used, which a guest sees) is elsewhere: features.h, traps/.
#pragma once

#include "base/types.h"

namespace skerry {

struct CpuidLeaf {
    uint32_t eax, ebx, ecx, edx;
};

inline CpuidLeaf cpuid(uint32_t leaf, uint32_t subleaf = 0) {
    CpuidLeaf r;
    asm volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(subleaf));
    return r;
}

} // namespace skerry
