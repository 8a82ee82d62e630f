// SPDX-License-Identifier: MIT
// How xen-core dies of a fault of its own: registers, a symbolised back trace, all CPUs stopped. Implemented in
// boot/log.cpp.
#pragma once

#include "arch/x86_64/register_frame.h"

namespace skerry {

// `what` names the reason, e.g. "page fault"; `frame` is what was interrupted.
[[noreturn]] void crash(const RegisterFrame& frame, const char* what);

} // namespace skerry
