// SPDX-License-Identifier: MIT
// The FPU and vector registers of a vCPU in memory: one page in xsave format (or fxsave's, on a machine without XSAVE).
// The format is the standard one of the Intel SDM volume 1, 13.4. xen-core never uses these registers itself, so they
// are saved and restored only when a CPU changes from one vCPU to another.
#pragma once

#include "base/types.h"

namespace skerry {

// As after reset: nothing set, all exceptions masked.
void initialise_extended_state(void* page);
// The legacy part from a vcpu_guest_context's fpu_ctxt. Reserved MXCSR bits are cleared: a restore must not fault.
void set_legacy_state(void* page, const void* fxsave_image);
void get_legacy_state(const void* page, void* fxsave_image);

// This CPU's registers. CR0.TS must be clear and XCR0 must be cpu_features.xcr0.
void save_extended_state(void* page);
void restore_extended_state(const void* page);

} // namespace skerry
