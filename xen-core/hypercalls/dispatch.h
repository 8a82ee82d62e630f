// SPDX-License-Identifier: MIT
// From a number and registers to a handler and back.
#pragma once

#include "hypercalls/caller.h"
#include "hypercalls/list.h"

namespace skerry {

struct RegisterFrame;

// Executes the hypercall that the guest kernel asked for in rax with its arguments in registers, and leaves the result in
// rax. A call whose work budget is spent is continued: rip stands at the SYSCALL instruction again, with rax as it was.
void dispatch_hypercall(Vcpu& vcpu, RegisterFrame& registers);

// Executes hypercall `number` with the caller's arguments. Errors: no_system_call for an unknown number.
HypercallResult call_handler(uint64_t number, Caller& caller);

#define SKERRY_DECLARE_HANDLER(number, name, right, ...) HypercallResult hypercall_##name(Caller& caller, ##__VA_ARGS__);
SKERRY_HYPERCALLS(SKERRY_DECLARE_HANDLER)
#undef SKERRY_DECLARE_HANDLER

} // namespace skerry
