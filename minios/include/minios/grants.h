// SPDX-License-Identifier: MIT
// Grant table, version 1 (<xen/grant_table.h>): lending own frames, and using frames others lent.
#pragma once

#include <minios/memory.h>
#include <minios/types.h>

#include <span>

namespace minios::grants {

/// Lends `frame` to `domain`. Error::no_space when the table is full.
Result<GrantRef> lend(DomId domain, Mfn frame, Access access);
/// Ends a loan and frees the reference. Error::busy while the other domain still maps the frame: keep the frame, try
/// again.
Result<void> end(GrantRef reference);

/// One page lent by another domain, mapped here until it goes out of scope. Move-only.
class MappedGrant {
  public:
    MappedGrant() = default;
    MappedGrant(MappedGrant&& other) noexcept { swap(other); }
    MappedGrant& operator=(MappedGrant&& other) noexcept {
        MappedGrant moved(static_cast<MappedGrant&&>(other));
        swap(moved);
        return *this;
    }
    ~MappedGrant() { unmap(); }

    static Result<MappedGrant> map(DomId domain, GrantRef reference, Access access);
    void unmap();
    void* data() const { return address_; }
    explicit operator bool() const { return address_ != nullptr; }

  private:
    void swap(MappedGrant& other) noexcept {
        void* address = address_;
        address_ = other.address_;
        other.address_ = address;
        std::uint32_t handle = handle_;
        handle_ = other.handle_;
        other.handle_ = handle;
    }
    void* address_ = nullptr;
    std::uint32_t handle_ = 0;
};

/// Several pages side by side; all or nothing. `handles` receives one handle for each reference.
Result<void*> map_side_by_side(DomId domain, std::span<const GrantRef> references, Access access,
                               std::span<std::uint32_t> handles);
void unmap_side_by_side(void* first, std::span<const std::uint32_t> handles);

} // namespace minios::grants
