// SPDX-License-Identifier: MIT
// From a number and registers to a handler and back.
#pragma once

#include "arch/x86_64/register_frame.h"
#include "hypercalls/caller.h"
#include "hypercalls/list.h"

#include <array>

namespace skerry {

using HypercallHandler = HypercallResult (*)(Caller&);
extern const std::array<HypercallHandler, hypercall_count> hypercall_table;

// Executes hypercall `number` with the caller's arguments. Errors: no_system_call for an unknown number.
[[gnu::always_inline]] inline HypercallResult call_handler(uint64_t number, Caller& caller) {
    if (number >= hypercall_count) [[unlikely]]
        return Error::no_system_call;
    return hypercall_table[number](caller);
}

// What a guest sees of an error. (Error::restart it never sees.)
constexpr uint64_t negative_errno(Error error) { return static_cast<uint64_t>(-static_cast<int64_t>(error)); }

// What is left to do when a hypercall did not simply succeed.
[[gnu::cold, gnu::noinline]] void finish_hypercall(RegisterFrame& registers, Error error);

// Executes the hypercall that the guest kernel asked for in rax with its arguments in registers, and leaves the result
// in rax. A call whose work budget is spent is continued: rip stands at the SYSCALL instruction again, with rax as it
// was.
[[gnu::always_inline]] inline void dispatch_hypercall(Vcpu& vcpu, RegisterFrame& registers) {
    static_assert(offsetof(RegisterFrame, r9) - offsetof(RegisterFrame, rdi) == 5 * sizeof(uint64_t));
    Caller caller{vcpu, vcpu.domain, *reinterpret_cast<CallArguments*>(&registers.rdi)};
    HypercallResult result = call_handler(registers.rax, caller);
    if (!result.ok()) [[unlikely]]
        return finish_hypercall(registers, result.error());
    registers.rax = static_cast<uint64_t>(result.value());
}

#define SKERRY_DECLARE_HANDLER(number, name, right, ...)                                                               \
    HypercallResult hypercall_##name(Caller& caller, ##__VA_ARGS__);
#define SKERRY_NO_HANDLER(number, name, ...)
SKERRY_HYPERCALLS(SKERRY_DECLARE_HANDLER, SKERRY_NO_HANDLER)
#undef SKERRY_DECLARE_HANDLER
#undef SKERRY_NO_HANDLER

} // namespace skerry
