// SPDX-License-Identifier: MIT
// In place of xen-core's header of this name, on the host: the guest's memory is what host_machine.h says
// (host_guest_memory), and everything else faults.
#pragma once

#include "base/types.h"

#include <stddef.h>

namespace skerry {

extern "C" {
[[nodiscard]] bool copy_from_guest_raw(void* to, GuestVirt from, size_t bytes);
[[nodiscard]] bool copy_to_guest_raw(GuestVirt to, const void* from, size_t bytes);
}

template <typename T>
concept GuestWord = sizeof(T) == 1 || sizeof(T) == 2 || sizeof(T) == 4 || sizeof(T) == 8;
template <typename T>
concept GuestWords = sizeof(T) % 8 == 0 && sizeof(T) <= 128;

// No domain is loaded: no slot is linear.
inline bool ask_for_linear_slot(GuestVirt, size_t) { return false; }
inline void open_guest_access() {}
inline void close_guest_access() {}
struct GuestAccess : NonCopyable {
    GuestAccess() {}
};

template <typename T> [[nodiscard]] bool read_guest_object(T& value, GuestVirt from) {
    return copy_from_guest_raw(&value, from, sizeof(T));
}
template <typename T> [[nodiscard]] bool write_guest_object(GuestVirt to, const T& value) {
    return copy_to_guest_raw(to, &value, sizeof(T));
}
template <GuestWord T> [[nodiscard]] bool read_guest_open(T& value, GuestVirt from) {
    return read_guest_object(value, from);
}
template <GuestWord T> [[nodiscard]] bool write_guest_open(GuestVirt to, T value) {
    return write_guest_object(to, value);
}
template <GuestWord T> [[nodiscard]] bool read_guest_raw(T& value, GuestVirt from) {
    return read_guest_object(value, from);
}
template <GuestWord T> [[nodiscard]] bool write_guest_raw(GuestVirt to, T value) {
    return write_guest_object(to, value);
}

} // namespace skerry
