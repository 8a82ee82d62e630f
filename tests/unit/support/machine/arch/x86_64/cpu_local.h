// SPDX-License-Identifier: MIT
// In place of xen-core's header of this name, on the host: the same, but there is one CPU, whose CpuLocal is not found
// by the stack pointer.
#pragma once

#define cpu_local real_cpu_local
#define this_cpu real_this_cpu
#include_next "arch/x86_64/cpu_local.h"
#undef cpu_local
#undef this_cpu

namespace skerry {

inline CpuLocal host_cpu_local;
inline CpuLocal& cpu_local() { return host_cpu_local; }
inline CpuId this_cpu() { return host_cpu_local.id; }

} // namespace skerry
