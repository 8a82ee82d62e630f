// SPDX-License-Identifier: MIT
// What a snapshot is made of: numbers, texts and permissions, one behind the other. Its bytes may be anything: the reader
// goes no further than to their end, and says in the end whether all made sense.
#pragma once

#include "permissions.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

namespace skerry::xenstore::snapshot {

inline constexpr std::uint16_t no_more = 0xffff; ///< where a depth or a domain could be

struct KeptPermission {
    DomainId domain;
    std::uint8_t access, padding;
};
static_assert(sizeof(KeptPermission) == 4);

template <class T> std::size_t depth_of(const T& node) {
    std::size_t depth = 0;
    for (const T* at = &node; at->parent() != nullptr; at = at->parent()) ++depth;
    return depth;
}

/// Writes until there is no room; what comes then is counted and lost.
class Writer {
  public:
    explicit Writer(std::span<std::byte> to) : to_(to) {}
    template <class T> void number(T value) requires(std::is_arithmetic_v<T> || std::is_enum_v<T>) {
        if (used_ + sizeof value <= to_.size()) std::memcpy(to_.data() + used_, &value, sizeof value);
        used_ += sizeof value;
    }
    void text(std::string_view text) {
        number(static_cast<std::uint32_t>(text.size()));
        raw(text.data(), text.size());
    }
    void permissions(const Permissions& list) {
        number(static_cast<std::uint16_t>(list.size()));
        permission_entries(list);
    }
    void permission_entries(const Permissions& list) {
        for (const Permission& entry : list) {
            const KeptPermission kept{entry.domain, static_cast<std::uint8_t>(entry.access), 0};
            raw(&kept, sizeof kept);
        }
    }
    void raw(const void* from, std::size_t size) {
        if (size > 0 && size <= to_.size() - std::min(used_, to_.size())) std::memcpy(to_.data() + used_, from, size);
        used_ += size;
    }
    std::size_t place() const { return used_; }
    /// Writes again what was written at `place`.
    template <class T> void amend(std::size_t place, T value) {
        if (place + sizeof value <= to_.size()) std::memcpy(to_.data() + place, &value, sizeof value);
    }
    std::optional<std::size_t> used() const { return used_ <= to_.size() ? std::optional(used_) : std::nullopt; }

  private:
    std::span<std::byte> to_;
    std::size_t used_ = 0;
};

/// Reads until something is amiss; then good() is false and all is zero or empty.
class Reader {
  public:
    explicit Reader(std::span<const std::byte> from) : size_(from.size()), rest_(from) {}
    std::size_t place() const { return size_ - rest_.size(); }
    template <class T> T number() {
        T value{};
        raw(&value, sizeof value);
        return value;
    }
    std::string text() {
        const auto size = number<std::uint32_t>();
        if (size > rest_.size()) good_ = false;
        if (!good_) return {};
        std::string text(size, '\0');
        raw(text.data(), size);
        return text;
    }
    void skip(std::size_t size) { (void)view(size); }
    /// As text(), where it lies.
    std::string_view view(std::size_t size) {
        if (size > rest_.size()) good_ = false;
        if (!good_) return {};
        const std::string_view text(reinterpret_cast<const char*>(rest_.data()), size);
        rest_ = rest_.subspan(size);
        return text;
    }
    Permissions permissions() { return permissions(number<std::uint16_t>()); }
    Permissions permissions(std::uint16_t count) {
        Permissions list;
        if (count <= rest_.size()) list.reserve(count);
        for (std::size_t i = 0; i < count && good_; ++i) {
            const auto kept = number<KeptPermission>();
            list.push_back({kept.domain, static_cast<Access>(kept.access & 3)});
        }
        return list;
    }
    /// Nodes that follow each other mostly have the same.
    SharedPermissions shared_permissions(std::uint16_t count) {
        const std::string_view kept = view(count * sizeof(KeptPermission));
        if (latest_ == nullptr || kept != latest_kept_) {
            Reader entries(std::as_bytes(std::span(kept)));
            latest_ = std::make_shared<const Permissions>(entries.permissions(good_ ? count : 0));
            latest_kept_ = kept;
        }
        return latest_;
    }
    void raw(void* to, std::size_t size) {
        if (!good_ || size > rest_.size()) {
            good_ = false;
            std::memset(to, 0, size);
            return;
        }
        std::memcpy(to, rest_.data(), size);
        rest_ = rest_.subspan(size);
    }
    void check(bool sound) { good_ &= sound; }
    bool good() const { return good_; }
    bool at_end() const { return rest_.empty(); }

  private:
    std::size_t size_;
    std::span<const std::byte> rest_;
    bool good_ = true;
    SharedPermissions latest_;
    std::string_view latest_kept_; ///< where they lie
};

} // namespace skerry::xenstore::snapshot
