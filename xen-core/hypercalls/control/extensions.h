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

// domctl: gives the domain a right, or takes it away. Needs grant_rights.
inline constexpr uint32_t domctl_set_right = 0x5ea2;
struct SetRight {
    uint8_t kind;    // 0: a PlatformRight, 1: a TargetRight (domain/authority.h)
    uint8_t right;   // its number
    uint8_t held;    // 1: give, 0: take away
    uint8_t padding; // 0
    domid_t target;  // of a TargetRight
};
static_assert(sizeof(SetRight) == 6 && sizeof(SetRight) <= sizeof(xen_domctl::u));

} // namespace skerry
