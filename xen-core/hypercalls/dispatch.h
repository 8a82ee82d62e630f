// SPDX-License-Identifier: MIT
// From a number and registers to a handler and back; and what all handlers build on: who makes a hypercall with which
// arguments, and how long it may still work; how the structures of the ABI travel; which domain an argument names.
#pragma once

#include "domain/domain.h"
#include "hypercalls/list.h"

#include <array>
#include <initializer_list>
#include <tuple>

namespace skerry {

inline constexpr unsigned max_hypercall_arguments = 6;

// The argument registers rdi, rsi, rdx, r10, r8, r9, or the args of one multicall entry.
using CallArguments = std::array<uint64_t, max_hypercall_arguments>;

// What a hypercall yields: a value for rax (>= 0; 0 where there is nothing to say), or the reason of the refusal.
using HypercallResult = Result<int64_t>;

// Handed to every handler. A handler whose loop length the guest chooses spends `budget`, most simply by work_through;
// when that is used up, it returns continue_with(...): the same call is then executed again, after interrupts and the
// scheduler have had their turn.
struct Caller {
    Vcpu& vcpu;
    CallArguments& arguments;
    WorkBudget budget{};

    Domain& domain() const { return vcpu.domain; }

    // From the `first`-th on, these arguments describe the rest of the work.
    Error continue_with(unsigned first, std::initializer_list<uint64_t> rest) {
        for (uint64_t argument : rest) arguments[first++] = argument;
        return Error::restart;
    }

    // Performs `step(done)`, each of `units`, until `done` is `count`, or a step fails, or the budget is spent: then the
    // error is restart. One step at least is taken, so every call makes progress.
    template <typename Step>
    [[gnu::always_inline]] Status work_through(uint32_t& done, uint32_t count, Step&& step, int32_t units = 1) {
        for (uint32_t first = done; done < count; ++done) {
            if (done > first && budget.is_spent()) return Error::restart;
            TRY(step(done));
            (void)budget.spend(units);
        }
        return success;
    }
};

// --- structures of the ABI ---

template <typename R, typename... P>
std::tuple_element_t<sizeof...(P) - 1, std::tuple<P...>> last_parameter(R (*)(P...));

// Performs `handler(context..., request)` for the structure at `argument`, whose type is that of the handler's last
// parameter. It is copied in once; if the handler takes it to change it (not const) and succeeds, it is copied out.
template <auto handler, typename... Context>
[[gnu::always_inline]] inline HypercallResult perform(GuestHandle<void> argument, Context&... context) {
    using Parameter = std::remove_reference_t<decltype(last_parameter(handler))>;
    using Request = std::remove_const_t<Parameter>;
    GuestHandle<Request> place = argument.as<Request>();
    Request request;
    TRY(place.read(request));
    HypercallResult result = handler(context..., request);
    if constexpr (!std::is_const_v<Parameter>)
        if (result.ok()) TRY(place.write(request));
    return result;
}

// XEN_GUEST_HANDLE(T) and XEN_GUEST_HANDLE_64(T) both are a structure around one pointer.
template <typename Element, typename XenHandle> GuestHandle<Element> handle_of(const XenHandle& handle) {
    return GuestHandle<Element>(GuestVirt(reinterpret_cast<uint64_t>(handle.p)));
}

// --- domains by number, kept alive by the result. Errors: no_such_domain ---

// DOMID_SELF is the caller.
inline Result<DomainRef> named_domain(Caller& caller, uint16_t number) {
    if (number == DOMID_SELF || number == caller.domain().id.value) return reference_to(caller.domain());
    return domain_table.find(DomId(number));
}

// The caller, or a domain that it may control. Errors: also not_permitted.
inline Result<DomainRef> controlled_domain(Caller& caller, uint16_t number) {
    DomainRef domain = TRY(named_domain(caller, number));
    if (&*domain != &caller.domain()) TRY(AuthorityCheck::control(caller.domain(), *domain));
    return domain;
}

// The same, for an operation on its memory or on its behalf while it is built. Errors: also not_permitted.
inline Result<DomainRef> buildable_domain(Caller& caller, uint16_t number) {
    DomainRef domain = TRY(named_domain(caller, number));
    TRY(AuthorityCheck::memory(caller.domain(), *domain));
    return domain;
}

// Performs `operation(domain)` on that, which is not sealed or destroyed meanwhile.
template <typename Operation, typename Outcome = std::invoke_result_t<Operation, Domain&>>
[[gnu::always_inline]] inline Outcome on_buildable(Caller& caller, uint16_t number, Operation&& operation) {
    if (number == DOMID_SELF || number == caller.domain().id.value) [[likely]]
        return operation(caller.domain());
    DomainRef domain = TRY(buildable_domain(caller, number));
    Holding held(domain->control);
    TRY(AuthorityCheck::memory(caller.domain(), *domain)); // once more, now that nobody can take it
    return operation(*domain);
}

// --- dispatch ---

using HypercallHandler = HypercallResult (*)(Caller&);
extern const std::array<HypercallHandler, hypercall_count> hypercall_table;

// Executes hypercall `number` with the caller's arguments. Errors: no_system_call for an unknown number.
[[gnu::always_inline]] inline HypercallResult call_handler(uint64_t number, Caller& caller) {
    if (UNLIKELY(number >= hypercall_count)) return Error::no_system_call;
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
    Caller caller{vcpu, *reinterpret_cast<CallArguments*>(&registers.rdi)};
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
