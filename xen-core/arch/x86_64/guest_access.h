// SPDX-License-Identifier: MIT
// Raw access to guest memory through the current address space, with faults turned into `false`. The caller
// (memory/guest_copy.h, traps/) has checked that the range is the guest's: canonical, and outside
// layout::core_start..core_end, wrap-around included. After `false` the destination may be partly written. Writes obey
// the guest's own read-only mappings (CR0.WP is set).
//
// Any access can fault at any time, because another CPU may change the mapping.
#pragma once

#include "arch/x86_64/code_tables.h"
#include "base/types.h"

namespace skerry {

extern "C" {
[[nodiscard]] bool copy_from_guest_raw(void* to, GuestVirt from, size_t bytes);
[[nodiscard]] bool copy_to_guest_raw(GuestVirt to, const void* from, size_t bytes);
}

// Does any of this lie in an L4 slot that may lead to xen-core's own tables (memory/guest_copy.h)? A function of
// domain/, which saves every register that it uses; called so that its callers, who hardly ever do, need not save any.
extern "C" [[gnu::no_caller_saved_registers]] bool leads_to_linear_slot(GuestVirt start, size_t bytes);
[[gnu::always_inline]] inline bool ask_for_linear_slot(GuestVirt start, size_t bytes) {
    bool answer;
    asm("call leads_to_linear_slot" : "=a"(answer) : "D"(start.value), "S"(bytes) : "memory", "cc");
    return answer;
}

template <typename T>
concept GuestWord = sizeof(T) == 1 || sizeof(T) == 2 || sizeof(T) == 4 || sizeof(T) == 8;
template <typename T>
concept GuestWords = sizeof(T) % 8 == 0 && sizeof(T) <= 128;

// The accesses named _open stand between these two; the others open and close by themselves.
[[gnu::always_inline]] inline void open_guest_access() { asm volatile(USER_ACCESS_SITE("1")::: "memory"); }
[[gnu::always_inline]] inline void close_guest_access() { asm volatile(USER_ACCESS_SITE("0")::: "memory"); }

// One naturally sized access: T is 1, 2, 4 or 8 bytes.
template <GuestWord T> [[nodiscard, gnu::always_inline]] inline bool read_guest_open(T& value, GuestVirt from) {
    T result;
    asm goto("1: mov %[from], %[to]\n" EXCEPTION_FIXUP("1b", "%l[fault]")
             : [to] "=r"(result)
             : [from] "m"(*reinterpret_cast<const volatile T*>(from.value))
             : "memory"
             : fault);
    value = result;
    return true;
fault:
    return false;
}

template <GuestWord T> [[nodiscard, gnu::always_inline]] inline bool write_guest_open(GuestVirt to, T value) {
    asm goto("1: mov %[from], %[to]\n" EXCEPTION_FIXUP("1b", "%l[fault]")
             :
             : [from] "r"(value), [to] "m"(*reinterpret_cast<T*>(to.value))
             : "memory"
             : fault);
    return true;
fault:
    return false;
}

// Open for a scope.
struct GuestAccess : NonCopyable {
    [[gnu::always_inline]] GuestAccess() { open_guest_access(); }
    [[gnu::always_inline]] ~GuestAccess() { close_guest_access(); }
};

template <GuestWord T> [[nodiscard, gnu::always_inline]] inline bool read_guest_raw(T& value, GuestVirt from) {
    GuestAccess open;
    return read_guest_open(value, from);
}

template <GuestWord T> [[nodiscard, gnu::always_inline]] inline bool write_guest_raw(GuestVirt to, T value) {
    GuestAccess open;
    return write_guest_open(to, value);
}

// Objects of a few words, word by word and unrolled: fewer instructions than the general copy.
template <GuestWords T> [[nodiscard, gnu::always_inline]] inline bool read_guest_object(T& value, GuestVirt from) {
    auto* words = reinterpret_cast<uint64_t*>(&value);
    GuestAccess open;
#pragma GCC unroll 16
    for (size_t i = 0; i < sizeof(T) / 8; ++i)
        if (!read_guest_open(words[i], from + i * 8)) [[unlikely]]
            return false;
    return true;
}

template <GuestWords T> [[nodiscard, gnu::always_inline]] inline bool write_guest_object(GuestVirt to, const T& value) {
    const auto* words = reinterpret_cast<const uint64_t*>(&value);
    GuestAccess open;
#pragma GCC unroll 16
    for (size_t i = 0; i < sizeof(T) / 8; ++i)
        if (!write_guest_open(to + i * 8, words[i])) [[unlikely]]
            return false;
    return true;
}

} // namespace skerry
