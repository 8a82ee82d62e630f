// SPDX-License-Identifier: MIT
// The control operations (domctl) that Skerry's hypervisor has beside Xen's, for the domains that use them: numbers and
// structures of docs/abi.md. Xen answers ENOSYS.
#pragma once

#include <minios/xen.h>

#include <cstdint>

namespace minios::control {

/// Rights over the platform, by the bit and number of each.
inline constexpr const char* platform_rights[] = {"create_domains", "grant_rights",   "inspect", "read_log",
                                                  "write_log",      "set_wall_clock", "hardware"};
/// Rights over one domain, likewise.
inline constexpr const char* target_rights[] = {"control", "map_memory"};
enum TargetRight : std::uint8_t { over_life = 0, over_memory = 1 };

/// From now on nobody, the caller included, may map or access that domain's memory, for good. Needs map_memory over it;
/// -EBUSY while somebody maps a frame of it. No payload.
inline constexpr std::uint32_t seal = 0x5ea1;

/// Gives the domain a right or takes it away. Over the platform: needs grant_rights and, to give it, the right itself. Over a
/// domain: needs that right, to pass on. A domain may give up its own. -ENOSPC: eight domains hold rights over the target.
inline constexpr std::uint32_t set_right = 0x5ea2;
struct SetRight {
    enum Kind : std::uint8_t { over_platform, over_domain };
    enum Held : std::uint8_t { taken, given, given_to_pass_on };
    std::uint8_t kind;
    std::uint8_t right; ///< its number in one of the lists above
    std::uint8_t held;
    std::uint8_t padding; ///< 0
    domid_t target;       ///< of a right over a domain
};
static_assert(sizeof(SetRight) == 6);

/// What the domain holds over the platform, which hardware it may use, and who holds rights over it. Needs inspect, or
/// control over it, or to be it.
inline constexpr std::uint32_t get_rights = 0x5ea3;
struct GetRights {
    std::uint32_t platform;     ///< out: a bit for each right; all bits: every right over every domain too
    std::uint32_t holder_count; ///< out: of `holders`
    struct {
        domid_t id;
        std::uint8_t rights, to_pass_on; ///< a bit for each right; those of them that it may give to others
    } holders[8];
    std::uint32_t range_count; ///< in: how many ranges to pass over; out: how many there are
    std::uint32_t padding;
    struct {
        std::uint64_t kind;        ///< 0: I/O ports, 1: interrupt lines, 2: frames of I/O memory
        std::uint64_t first, last; ///< inclusive
    } ranges[3];
};
static_assert(sizeof(GetRights) == 120 && sizeof(GetRights) <= sizeof(xen_domctl::u));

} // namespace minios::control
