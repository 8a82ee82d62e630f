// SPDX-License-Identifier: MIT
// Who makes a hypercall, with which arguments, and how long it may still work.
#pragma once

#include "base/result.h"
#include "base/work_budget.h"
#include "domain/domain.h"
#include "domain/vcpu.h"

namespace skerry {

inline constexpr unsigned max_hypercall_arguments = 6;

// The argument registers rdi, rsi, rdx, r10, r8, r9, or the args of one multicall entry.
struct CallArguments {
    uint64_t value[max_hypercall_arguments];
};

// What a hypercall yields: a value for rax (>= 0), or the reason of the refusal.
using HypercallResult = Result<int64_t>;

// Handed to every handler. A handler whose loop length the guest chooses spends `budget`; when that is used up, it
// writes into `arguments` what describes the rest of the work and returns Error::restart: the same call is then
// executed again with those arguments, after interrupts and the scheduler have had their turn.
struct Caller {
    Vcpu& vcpu;
    Domain& domain;
    CallArguments& arguments;
    WorkBudget budget{};
};

} // namespace skerry
