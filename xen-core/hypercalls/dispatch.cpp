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
            return handler(caller, static_cast<Parameters>(caller.arguments.value[index])...);
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

} // namespace skerry
