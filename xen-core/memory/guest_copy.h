// SPDX-License-Identifier: MIT
// The only way xen-core touches memory of the running guest by its linear address. A value is copied once, then checked
// and used; every range check is here: a guest address is canonical and outside of xen-core's part of the address
// space, and nothing is read where a walk of the guest's own tables could lead into xen-core's. All of these may fault
// inside and say so: Error::bad_address (then a destination in the guest may be partly written). They act on the
// current address space, with the guest's own write permissions; any lock may be held.
#pragma once

#include "arch/x86_64/guest_access.h"
#include "arch/x86_64/layout.h"
#include "base/result.h"

#include <atomic>

namespace skerry {

// The guest's two ranges, seen modulo 2^64 from core_end on, are one: core_end..2^64 and 0..2^47.
constexpr bool is_guest_range(GuestVirt start, size_t bytes) {
    constexpr uint64_t span = (uint64_t{1} << 47) - layout::core_end;
    return bytes <= span && start.value - layout::core_end <= span - bytes;
}
static_assert(is_guest_range(GuestVirt(0), 8) && is_guest_range(GuestVirt(layout::core_end), 8));
static_assert(is_guest_range(GuestVirt((uint64_t{1} << 47) - 8), 8) &&
              !is_guest_range(GuestVirt((uint64_t{1} << 47) - 7), 8));
static_assert(!is_guest_range(GuestVirt(layout::core_end - 1), 1) && !is_guest_range(GuestVirt(layout::core_start), 8));
static_assert(is_guest_range(GuestVirt(~uint64_t{7}), 8) && !is_guest_range(GuestVirt(uint64_t{1} << 47), 1));

// Addresses that count from core_end to below this can be read without looking further, up to a page of them. 0 as soon
// as any guest of this machine has a linear L4 slot (Account::linear_slots); then the slots are looked at, too.
inline constinit std::atomic<uint64_t> quick_read_limit{(uint64_t{1} << 47) - layout::core_end - page_size};

// May xen-core read there for the guest that runs on this CPU? To be asked right before the access: no lock taken, no
// flush served in between.
inline bool is_guest_readable(GuestVirt start, size_t bytes) {
    uint64_t limit = quick_read_limit.load(std::memory_order_relaxed);
    if (LIKELY(bytes <= page_size && start.value - layout::core_end < limit)) return true;
    return is_guest_range(start, bytes) && !ask_for_linear_slot(start, bytes);
}

inline Status copy_from_guest(void* to, GuestVirt from, size_t bytes) {
    return success_if(is_guest_readable(from, bytes) && copy_from_guest_raw(to, from, bytes), Error::bad_address);
}
inline Status copy_to_guest(GuestVirt to, const void* from, size_t bytes) {
    return success_if(is_guest_range(to, bytes) && copy_to_guest_raw(to, from, bytes), Error::bad_address);
}

// A guest's pointer, as an argument of a hypercall. Only ever an address; copying is explicit.
template <typename T> class GuestHandle;

// Untyped: only convertible to a typed one.
template <> class GuestHandle<void> {
  public:
    constexpr GuestHandle() = default;
    constexpr explicit GuestHandle(GuestVirt address) : address_(address) {}
    constexpr explicit GuestHandle(uint64_t address) : address_(address) {}

    constexpr GuestVirt address() const { return address_; }
    constexpr bool is_null() const { return address_.value == 0; }
    template <typename T> constexpr GuestHandle<T> as() const { return GuestHandle<T>(address_); }

  private:
    GuestVirt address_{};
};

template <typename T> class GuestHandle : public GuestHandle<void> {
  public:
    using GuestHandle<void>::GuestHandle;

    constexpr GuestHandle advanced(uint64_t elements) const { return GuestHandle(address() + elements * size()); }

    // Single words, and small objects of whole words, travel without a call.
    Status read(T& value, uint64_t index = 0) const {
        static_assert(std::is_trivially_copyable_v<T>);
        GuestVirt from = advanced(index).address();
        bool done = is_guest_readable(from, sizeof(T));
        if constexpr (GuestWord<T>)
            done = done && read_guest_raw(value, from);
        else if constexpr (GuestWords<T>)
            done = done && read_guest_object(value, from);
        else
            done = done && copy_from_guest_raw(&value, from, sizeof(T));
        return success_if(done, Error::bad_address);
    }
    Status write(const T& value, uint64_t index = 0) const {
        GuestVirt to = advanced(index).address();
        bool done = is_guest_range(to, sizeof(T));
        if constexpr (GuestWord<T>)
            done = done && write_guest_raw(to, value);
        else if constexpr (GuestWords<T>)
            done = done && write_guest_object(to, value);
        else
            done = done && copy_to_guest_raw(to, &value, sizeof(T));
        return success_if(done, Error::bad_address);
    }
    // `count` elements from the `first`-th on.
    Status read_array(T* values, uint64_t count, uint64_t first = 0) const {
        return array_fits(count) ? copy_from_guest(values, advanced(first).address(), count * size())
                                 : Status(Error::bad_address);
    }
    Status write_array(const T* values, uint64_t count, uint64_t first = 0) const {
        return array_fits(count) ? copy_to_guest(advanced(first).address(), values, count * size())
                                 : Status(Error::bad_address);
    }

  private:
    static constexpr uint64_t size() { return sizeof(T); }
    static constexpr bool array_fits(uint64_t count) { return count <= (uint64_t{1} << 40) / size(); }
};

} // namespace skerry
