// SPDX-License-Identifier: MIT
// Bounds-checked views of untrusted bytes: the only way the parsers of this folder look at an image.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <type_traits>

namespace skerry::start_in_place {

inline constexpr std::uint64_t page_bytes = 4096;

constexpr std::uint64_t pages_of(std::uint64_t bytes) { return bytes / page_bytes + (bytes % page_bytes != 0); }

/// Little-endian bytes of unknown origin. Reads are unaligned-safe copies.
class Bytes {
  public:
    constexpr Bytes() = default;
    constexpr Bytes(std::span<const std::byte> bytes) : bytes_(bytes) {}

    constexpr std::size_t size() const { return bytes_.size(); }
    constexpr const std::byte* data() const { return bytes_.data(); }
    constexpr bool contains(std::uint64_t offset, std::uint64_t count) const {
        return offset <= bytes_.size() && count <= bytes_.size() - offset;
    }

    /// Copies a T from `offset`; false, with `out` untouched, when it does not lie inside.
    template <class T> [[nodiscard]] bool read(std::uint64_t offset, T& out) const {
        static_assert(std::is_trivially_copyable_v<T>);
        if (!contains(offset, sizeof(T))) return false;
        std::memcpy(&out, bytes_.data() + offset, sizeof(T));
        return true;
    }

    /// [offset, offset + count), or an empty view when that is not inside.
    constexpr Bytes slice(std::uint64_t offset, std::uint64_t count) const {
        return contains(offset, count) ? Bytes(bytes_.subspan(offset, count)) : Bytes();
    }

    bool starts_with(const void* prefix, std::size_t count) const {
        return count <= bytes_.size() && std::memcmp(bytes_.data(), prefix, count) == 0;
    }

  private:
    std::span<const std::byte> bytes_{};
};

} // namespace skerry::start_in_place
