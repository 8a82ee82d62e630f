// SPDX-License-Identifier: MIT
// A second vCPU for tiny guests. ABI: xen/vcpu.h, struct vcpu_guest_context.
#pragma once
#include "lib/hypercall.h"

namespace skerry::guest {

// Fills a context that starts `function` on the stack of vCPU 1 (or at `stack_top`), with this guest's traps and page
// tables.
void fill_context(vcpu_guest_context& context, void (*function)(), void* stack_top = nullptr);

// Initialises vCPU 1 and brings it up. `function` returning parks it. 0 or Xen's error; -eexist when already
// initialised.
long start_vcpu1(void (*function)());
// Gives an already initialised vCPU 1 something else to do (it polls for work between functions). Waits until it has
// begun.
bool run_on_vcpu1(void (*function)());
// Waits until the function given last has returned.
bool vcpu1_idle();
unsigned vcpu_count();

} // namespace skerry::guest
