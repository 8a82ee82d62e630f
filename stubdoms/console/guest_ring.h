// SPDX-License-Identifier: MIT
// The service's side of a guest's console page (<xen/io/console.h>). The page is shared with a hostile guest: its
// indices are read once for each call, bounded by the ring's size, and never trusted to stay; our own two indices live
// here and are only published there.
#pragma once

#include <cstddef>
#include <cstdint>

#include <xen/io/console.h>

namespace skerry::console {

class GuestRing {
  public:
    /// Takes up the page where the last service left it (out_cons, in_prod): bytes not yet consumed are not lost by a
    /// restart.
    explicit GuestRing(xencons_interface& shared);
    /// Has the page been served before? (By its own word; good enough for a message.)
    bool used() const { return out_taken_ != 0 || in_put_ != 0; }
    /// No ring: nothing to read, no room to write.
    GuestRing() = default;

    /// Copies up to `most` bytes of what the guest wrote and marks them as taken.
    std::size_t read(char* to, std::size_t most);
    /// Is there something to read?
    bool readable() const;
    /// Puts up to `count` bytes into the guest's input; returns how many fitted.
    std::size_t write(const char* from, std::size_t count);
    std::size_t write_room() const;
    /// How often the guest's indices made no sense (the ring was then taken as empty, or as full).
    unsigned nonsense() const { return nonsense_; }

  private:
    static constexpr std::uint32_t out_size = sizeof(xencons_interface::out), in_size = sizeof(xencons_interface::in);
    static_assert((out_size & (out_size - 1)) == 0 && (in_size & (in_size - 1)) == 0);

    xencons_interface* shared_ = nullptr;
    std::uint32_t out_taken_ = 0, in_put_ = 0;
    unsigned nonsense_ = 0;
};

} // namespace skerry::console
