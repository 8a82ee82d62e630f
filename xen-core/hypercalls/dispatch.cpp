// SPDX-License-Identifier: MIT
#include "hypercalls/dispatch.h"

#include "arch/x86_64/register_frame.h"
#include "hypercalls/errno.h"

namespace skerry {
namespace {

template <typename T> T from_register(uint64_t value) {
    if constexpr (requires { T(GuestVirt(value)); })
        return T(GuestVirt(value));
    else
        return static_cast<T>(value);
}

template <auto handler> struct Unpack;

template <typename... Parameters, HypercallResult (*handler)(Caller&, Parameters...)> struct Unpack<handler> {
    static_assert(sizeof...(Parameters) <= max_hypercall_arguments);
    static HypercallResult call(Caller& caller) {
        return [&]<size_t... index>(std::index_sequence<index...>) {
            return handler(caller, from_register<Parameters>(caller.arguments.value[index])...);
        }
        (std::index_sequence_for<Parameters...>{});
    }
};

HypercallResult absent(Caller&) { return Error::no_system_call; }

constexpr HypercallTable make_table() {
    HypercallTable table{};
    for (HypercallHandler& handler : table.handlers) handler = absent;
#define SKERRY_ENTER_HANDLER(number, name, right, ...)                                                                 \
    static_assert(number < hypercall_count && number == __HYPERVISOR_##name);                                          \
    table.handlers[number] = &Unpack<&hypercall_##name>::call;
    SKERRY_HYPERCALLS(SKERRY_ENTER_HANDLER)
#undef SKERRY_ENTER_HANDLER
    return table;
}

constexpr uint64_t syscall_instruction_length = 2;

} // namespace

// Position-independent and read-only: built by the compiler.
constinit const HypercallTable hypercall_table = make_table();

HypercallResult call_handler(uint64_t number, Caller& caller) {
    if (number >= hypercall_count) [[unlikely]]
        return Error::no_system_call;
    return hypercall_table.handlers[number](caller);
}

void finish_hypercall(RegisterFrame& registers, Error error) {
    if (error == Error::restart)
        registers.rip -= syscall_instruction_length;
    else
        registers.rax = static_cast<uint64_t>(to_errno(error));
}

} // namespace skerry
