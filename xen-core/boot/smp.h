// SPDX-License-Identifier: MIT
// All CPUs up. Boot CPU only.
#pragma once

#include "base/types.h"

namespace skerry {

// The initial stack pointer on a CPU's stack: below its CpuLocal.
uint64_t initial_stack(CpuId cpu);

// What every CPU does to itself before it may run guests; the boot CPU too.
void set_up_this_cpu();

// Starts the other CPUs of the MADT, up to `most` in all. Each ends in `main_loop`, which does not return. A CPU that
// does not answer is reported and left out.
void start_other_cpus(uint32_t most, void (*main_loop)());

} // namespace skerry
