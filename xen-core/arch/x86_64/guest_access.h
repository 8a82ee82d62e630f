// SPDX-License-Identifier: MIT
// Raw access to guest memory through the current address space, with faults turned into `false`. The caller (memory/guest_copy.h,
// traps/) has checked that the range is the guest's: canonical, and outside layout::core_start..core_end, wrap-around included.
// After `false` the destination may be partly written. Writes obey the guest's own read-only mappings (CR0.WP is set).
#pragma once

#include "arch/x86_64/exception_table.h"
#include "arch/x86_64/smap.h"
#include "base/types.h"

namespace skerry {

[[nodiscard]] bool copy_from_guest_raw(void* to, GuestVirt from, size_t bytes);
[[nodiscard]] bool copy_to_guest_raw(GuestVirt to, const void* from, size_t bytes);
[[nodiscard]] bool clear_guest_raw(GuestVirt to, size_t bytes);

// One naturally sized access each: T is 1, 2, 4 or 8 bytes.
template <typename T>
[[nodiscard]] inline bool read_guest_raw(T& value, GuestVirt from) {
    static_assert(sizeof(T) == 1 || sizeof(T) == 2 || sizeof(T) == 4 || sizeof(T) == 8);
    T result;
    asm goto(STAC "1: mov %[from], %[to]\n" CLAC EXCEPTION_FIXUP("1b", "%l[fault]")
             : [to] "=r"(result)
             : [from] "m"(*reinterpret_cast<const T*>(from.value))
             : "memory"
             : fault);
    value = result;
    return true;
fault:
    close_user_access();
    return false;
}

template <typename T>
[[nodiscard]] inline bool write_guest_raw(GuestVirt to, T value) {
    static_assert(sizeof(T) == 1 || sizeof(T) == 2 || sizeof(T) == 4 || sizeof(T) == 8);
    asm goto(STAC "1: mov %[from], %[to]\n" CLAC EXCEPTION_FIXUP("1b", "%l[fault]")
             :
             : [from] "r"(value), [to] "m"(*reinterpret_cast<T*>(to.value))
             : "memory"
             : fault);
    return true;
fault:
    close_user_access();
    return false;
}

// Atomically: if *to == expected then *to = desired; `expected` becomes what was there. false: the page cannot be written.
template <typename T>
[[nodiscard]] inline bool cmpxchg_guest(GuestVirt to, T& expected, T desired) {
    static_assert(sizeof(T) == 1 || sizeof(T) == 2 || sizeof(T) == 4 || sizeof(T) == 8);
    T old = expected;
    asm goto(STAC "1: lock cmpxchg %[desired], %[to]\n" CLAC EXCEPTION_FIXUP("1b", "%l[fault]")
             : [old] "+a"(old)
             : [desired] "r"(desired), [to] "m"(*reinterpret_cast<T*>(to.value))
             : "memory", "cc"
             : fault);
    expected = old;
    return true;
fault:
    close_user_access();
    return false;
}

} // namespace skerry
