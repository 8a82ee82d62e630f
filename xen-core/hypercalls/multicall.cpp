// SPDX-License-Identifier: MIT
// multicall: several hypercalls in one entry. Each entry is copied once, executed with its own rights and checks, and
// gets its own result; an entry whose work budget runs out is written back with the arguments of what is left of it,
// and the multicall continues there.
#include "hypercalls/dispatch.h"

namespace skerry {

HypercallResult hypercall_multicall(Caller& caller, GuestHandle<multicall_entry_t> calls, uint32_t count) {
    for (; count > 0; --count, calls = calls.advanced(1)) {
        multicall_entry_t entry;
        TRY(calls.read(entry));
        static_assert(sizeof(entry.args) == sizeof(CallArguments));
        CallArguments& arguments = reinterpret_cast<CallArguments&>(entry.args);
        Caller inner{caller.vcpu, caller.domain, arguments, caller.budget};
        HypercallResult result =
            entry.op == __HYPERVISOR_multicall ? HypercallResult(Error::invalid) : call_handler(entry.op, inner);
        caller.budget = inner.budget;
        if (!result.ok() && result.error() == Error::restart) {
            GuestHandle<CallArguments> left(calls.address() + offsetof(multicall_entry_t, args));
            TRY(left.write(arguments));
        } else {
            GuestHandle<xen_ulong_t> answer(calls.address() + offsetof(multicall_entry_t, result));
            TRY(answer.write(result.ok() ? static_cast<uint64_t>(result.value()) : negative_errno(result.error())));
            if (caller.budget.spend()) continue;
            calls = calls.advanced(1);
            if (--count == 0) return 0;
        }
        return caller.continue_with(0, {calls.address().value, count});
    }
    return 0;
}

} // namespace skerry
