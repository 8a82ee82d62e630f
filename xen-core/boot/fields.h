// SPDX-License-Identifier: MIT
// Structures that somebody else laid out (boot loader, firmware, linker), as bytes, and the fields that xen-core reads
// of them. Pure, also tested on the host.
#pragma once

#include <optional>
#include <span>
#include <stdint.h>
#include <string.h>

namespace skerry {

using Bytes = std::span<const uint8_t>;

// A field by its place. What lies beyond the end of the structure reads as zero, so that an old, short form of it needs
// no care of its own.
template <typename T> struct Field {
    uint64_t offset; // in the structure, bytes

    T operator()(Bytes structure) const {
        T value{};
        if (offset <= structure.size() && structure.size() - offset >= sizeof(T))
            memcpy(&value, structure.data() + offset, sizeof(T));
        return value;
    }
};

// Nothing if it does not lie inside.
inline std::optional<Bytes> part_of(Bytes whole, uint64_t offset, uint64_t size) {
    if (offset > whole.size() || whole.size() - offset < size) return std::nullopt;
    return whole.subspan(offset, size);
}

} // namespace skerry
