// SPDX-License-Identifier: MIT
// The kinds of numbers that a hypervisor must never mix: frames, addresses, identities.
// Construction is explicit, there is no arithmetic across kinds, and `.value` is the only way out.
#pragma once

#include <compare>
#include <stddef.h>
#include <stdint.h>

namespace skerry {

inline constexpr unsigned page_shift = 12;
inline constexpr size_t page_size = size_t{1} << page_shift;
constexpr uint64_t pages_for(uint64_t bytes) { return (bytes + page_size - 1) >> page_shift; }

// Hints for conditions whose usual outcome is known, where speed counts.
#define LIKELY(...) __builtin_expect(!!(__VA_ARGS__), 1)
#define UNLIKELY(...) __builtin_expect(!!(__VA_ARGS__), 0)

// CRTP-free strong integer: `Tag` makes the type distinct.
template <typename Tag, typename T> struct Strong {
    T value{};

    constexpr Strong() = default;
    constexpr explicit Strong(T v) : value(v) {}
    friend constexpr auto operator<=>(Strong, Strong) = default;
    friend constexpr Strong operator+(Strong a, T n) { return Strong(static_cast<T>(a.value + n)); }
    friend constexpr T operator-(Strong a, Strong b) { return static_cast<T>(a.value - b.value); }
};

using Mfn = Strong<struct MfnTag, uint64_t>;             // machine frame number
using Pfn = Strong<struct PfnTag, uint64_t>;             // a guest's pseudo-physical frame number
using MachAddr = Strong<struct MachAddrTag, uint64_t>;   // machine (host physical) address, bytes
using GuestVirt = Strong<struct GuestVirtTag, uint64_t>; // linear address in the running guest's address space
using DomId = Strong<struct DomIdTag, uint16_t>;
using VcpuId = Strong<struct VcpuIdTag, uint32_t>;
using CpuId = Strong<struct CpuIdTag, uint32_t>;       // physical CPU, dense from 0
using EvtPort = Strong<struct EvtPortTag, uint32_t>;   // event channel port, local to a domain
using GrantRef = Strong<struct GrantRefTag, uint32_t>; // index into a domain's grant table
using Nanoseconds = uint64_t;                          // since xen-core started, unless a name says otherwise

inline constexpr Nanoseconds nanoseconds_per_second = 1'000'000'000;
inline constexpr Nanoseconds never = ~Nanoseconds{0};
inline constexpr Mfn invalid_mfn{~uint64_t{0}};

constexpr MachAddr address_of(Mfn mfn) { return MachAddr(mfn.value << page_shift); }
constexpr Mfn frame_of(MachAddr address) { return Mfn(address.value >> page_shift); }

// Copying is a decision: inherit to forbid it.
struct NonCopyable {
    NonCopyable() = default;
    NonCopyable(const NonCopyable&) = delete;
    NonCopyable& operator=(const NonCopyable&) = delete;
};

} // namespace skerry
