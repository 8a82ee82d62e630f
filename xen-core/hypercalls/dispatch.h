// SPDX-License-Identifier: MIT
// From a number and registers to a handler and back.
#pragma once

#include "arch/x86_64/register_frame.h"
#include "hypercalls/caller.h"
#include "hypercalls/list.h"

namespace skerry {

using HypercallHandler = HypercallResult (*)(Caller&);
struct HypercallTable {
    HypercallHandler handlers[hypercall_count];
};
extern const HypercallTable hypercall_table;

// What is left to do when a hypercall did not simply succeed.
[[gnu::cold, gnu::noinline]] void finish_hypercall(RegisterFrame& registers, Error error);

// Executes the hypercall that the guest kernel asked for in rax with its arguments in registers, and leaves the result
// in rax. A call whose work budget is spent is continued: rip stands at the SYSCALL instruction again, with rax as it
// was.
[[gnu::always_inline]] inline void dispatch_hypercall(Vcpu& vcpu, RegisterFrame& registers) {
    static_assert(offsetof(RegisterFrame, r9) - offsetof(RegisterFrame, rdi) == 5 * sizeof(uint64_t));
    if (registers.rax >= hypercall_count) [[unlikely]]
        return finish_hypercall(registers, Error::no_system_call);
    Caller caller{vcpu, vcpu.domain, *reinterpret_cast<CallArguments*>(&registers.rdi)};
    HypercallResult result = hypercall_table.handlers[registers.rax](caller);
    if (!result.ok()) [[unlikely]]
        return finish_hypercall(registers, result.error());
    registers.rax = static_cast<uint64_t>(result.value());
}

// Executes hypercall `number` with the caller's arguments. Errors: no_system_call for an unknown number.
HypercallResult call_handler(uint64_t number, Caller& caller);

#define SKERRY_DECLARE_HANDLER(number, name, right, ...)                                                               \
    HypercallResult hypercall_##name(Caller& caller, ##__VA_ARGS__);
SKERRY_HYPERCALLS(SKERRY_DECLARE_HANDLER)
#undef SKERRY_DECLARE_HANDLER

} // namespace skerry
