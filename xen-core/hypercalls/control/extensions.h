// SPDX-License-Identifier: MIT
// The control operations that Xen's interface has no place for. docs/abi.md documents them for their callers;
// everything else uses XEN_DOMCTL_* and XEN_SYSCTL_*.
#pragma once

#include <stdint.h>
#include <xen/domctl.h>

namespace skerry {

// domctl: ends every access to the domain's memory by anyone else, for good. No payload. Needs map_memory over the
// domain. -EBUSY while somebody still maps a frame of it.
inline constexpr uint32_t domctl_seal = 0x5ea1;

// domctl: gives the domain a right, or takes it away. A right over the platform: needs grant_rights and, to give it,
// the right itself. One over another domain: needs that right, to pass on. A domain may give up its own rights, but for
// one that holds everything: -EINVAL. -ENOSPC: eight domains hold rights over the target already.
inline constexpr uint32_t domctl_set_right = 0x5ea2;
struct SetRight {
    enum Held : uint8_t { taken, given, given_to_pass_on };
    uint8_t kind;    // 0: a PlatformRight, 1: a TargetRight (domain/authority.h)
    uint8_t right;   // its number
    uint8_t held;    // Held; what the maker of a domain has over it is to pass on
    uint8_t padding; // 0
    domid_t target;  // of a TargetRight
};
static_assert(sizeof(SetRight) == 6 && sizeof(SetRight) <= sizeof(xen_domctl::u));

// domctl: what authority the domain holds over the platform and which hardware it may use, and who holds rights over it.
// Needs inspect, or control over it, or to be it.
inline constexpr uint32_t domctl_get_rights = 0x5ea3;
struct GetRights {
    uint32_t platform;     // out: a bit for each PlatformRight; all: every right over every domain too
    uint32_t holder_count; // out: of `holders`
    struct {
        domid_t id;
        uint8_t rights;     // a bit for each TargetRight
        uint8_t to_pass_on; // those of them that it may give to others
    } holders[8];
    uint32_t range_count; // in: how many ranges to pass over; out: how many there are
    uint32_t padding;
    struct {
        uint64_t kind;        // 0: I/O ports, 1: interrupt lines, 2: frames of I/O memory
        uint64_t first, last; // inclusive
    } ranges[3];
};
static_assert(sizeof(GetRights) <= sizeof(xen_domctl::u));

} // namespace skerry
