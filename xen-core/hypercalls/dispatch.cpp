// SPDX-License-Identifier: MIT
#include "hypercalls/dispatch.h"

#include "arch/x86_64/register_frame.h"
#include "hypercalls/errno.h"

namespace skerry {
namespace {

using Handler = HypercallResult (*)(Caller&);

template <typename T>
T from_register(uint64_t value) {
    if constexpr (requires { T(GuestVirt(value)); })
        return T(GuestVirt(value));
    else
        return static_cast<T>(value);
}

template <auto handler>
struct Unpack;

template <typename... Parameters, HypercallResult (*handler)(Caller&, Parameters...)>
struct Unpack<handler> {
    static_assert(sizeof...(Parameters) <= max_hypercall_arguments);
    static HypercallResult call(Caller& caller) {
        return [&]<size_t... index>(std::index_sequence<index...>) {
            return handler(caller, from_register<Parameters>(caller.arguments.value[index])...);
        }(std::index_sequence_for<Parameters...>{});
    }
};

struct HandlerTable {
    Handler entries[hypercall_count]{};
    constexpr HandlerTable() {
#define SKERRY_ENTER_HANDLER(number, name, right, ...)                                                                 \
    static_assert(number < hypercall_count && number == __HYPERVISOR_##name);                                          \
    entries[number] = &Unpack<&hypercall_##name>::call;
        SKERRY_HYPERCALLS(SKERRY_ENTER_HANDLER)
#undef SKERRY_ENTER_HANDLER
    }
};

// Position-independent and read-only: built by the compiler.
constexpr HandlerTable handlers;

constexpr uint64_t syscall_instruction_length = 2;

} // namespace

HypercallResult call_handler(uint64_t number, Caller& caller) {
    if (number >= hypercall_count || !handlers.entries[number]) [[unlikely]]
        return Error::no_system_call;
    return handlers.entries[number](caller);
}

void dispatch_hypercall(Vcpu& vcpu, RegisterFrame& registers) {
    CallArguments arguments{
        {registers.rdi, registers.rsi, registers.rdx, registers.r10, registers.r8, registers.r9}};
    Caller caller{vcpu, vcpu.domain, arguments};
    HypercallResult result = call_handler(registers.rax, caller);
    if (result.ok()) [[likely]] {
        registers.rax = static_cast<uint64_t>(result.value());
        return;
    }
    if (result.error() != Error::restart) {
        registers.rax = static_cast<uint64_t>(to_errno(result.error()));
        return;
    }
    registers.rdi = arguments.value[0];
    registers.rsi = arguments.value[1];
    registers.rdx = arguments.value[2];
    registers.r10 = arguments.value[3];
    registers.r8 = arguments.value[4];
    registers.r9 = arguments.value[5];
    registers.rip -= syscall_instruction_length;
}

} // namespace skerry
