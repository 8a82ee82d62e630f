// SPDX-License-Identifier: MIT
#include "hypercalls/dispatch.h"

namespace skerry {
namespace {

// Calls the handler with the argument registers as its parameters.
template <auto handler> struct Unpack;
template <typename... Parameters, HypercallResult (*handler)(Caller&, Parameters...)> struct Unpack<handler> {
    static_assert(sizeof...(Parameters) <= max_hypercall_arguments);
    static HypercallResult call(Caller& caller) {
        return [&]<size_t... index>(std::index_sequence<index...>) {
            return handler(caller, static_cast<Parameters>(caller.arguments[index])...);
        }
        (std::index_sequence_for<Parameters...>{});
    }
};

constexpr auto make_table() {
    std::array<HypercallHandler, hypercall_count> table;
    table.fill([](Caller&) { return HypercallResult(Error::no_system_call); });
#define SKERRY_CHECK_NUMBER(number, name, ...) static_assert(number < hypercall_count && number == __HYPERVISOR_##name);
#define SKERRY_ENTER_HANDLER(number, name, ...)                                                                        \
    SKERRY_CHECK_NUMBER(number, name)                                                                                  \
    table[number] = &Unpack<&hypercall_##name>::call;
    SKERRY_HYPERCALLS(SKERRY_ENTER_HANDLER, SKERRY_CHECK_NUMBER)
#undef SKERRY_ENTER_HANDLER
#undef SKERRY_CHECK_NUMBER
    return table;
}

constexpr uint64_t syscall_instruction_length = 2;

} // namespace

// Position-independent and read-only: built by the compiler.
constinit const std::array<HypercallHandler, hypercall_count> hypercall_table = make_table();

void finish_hypercall(RegisterFrame& registers, Error error) {
    if (error == Error::restart)
        registers.rip -= syscall_instruction_length;
    else
        registers.rax = negative_errno(error);
}

// Several hypercalls in one entry. Each is copied once, executed with its own rights and checks, and gets its own result;
// one whose work budget runs out is written back with the arguments of what is left of it, and the multicall continues
// there.
HypercallResult hypercall_multicall(Caller& caller, GuestHandle<multicall_entry_t> calls, uint32_t count) {
    for (; count > 0; --count, calls = calls.advanced(1)) {
        multicall_entry_t entry;
        TRY(calls.read(entry));
        static_assert(sizeof(entry.args) == sizeof(CallArguments));
        CallArguments& arguments = reinterpret_cast<CallArguments&>(entry.args);
        Caller inner{caller.vcpu, arguments, caller.budget};
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
