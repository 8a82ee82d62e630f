// SPDX-License-Identifier: MIT
// All CPUs up. Boot CPU only. What boot/start.S and C++ share.
#pragma once

#define CPU_START_ADDRESS 0x8000 // real-mode code of starting CPUs: free, page-aligned RAM on every PC
#define CPU_START_PAGE (CPU_START_ADDRESS >> 12)

#ifndef __ASSEMBLER__
#include "base/types.h"

namespace skerry {

// Leaves the present stack for good.
extern "C" [[noreturn]] void continue_on_stack(uint64_t rsp, void (*next)());

// The initial stack pointer on a CPU's stack: below its CpuLocal.
uint64_t initial_stack(CpuId cpu);

// What every CPU does to itself before it may run guests; the boot CPU too.
void set_up_this_cpu();

// Starts the other CPUs of the MADT, up to `most` in all. Each ends in `main_loop`, which does not return. A CPU that
// does not answer is reported and left out.
void start_other_cpus(uint32_t most, void (*main_loop)());

} // namespace skerry
#endif
