// SPDX-License-Identifier: MIT
// Why a request is refused. The wire carries the names that <xen/io/xs_wire.h> lists.
#pragma once

#include <cstdint>

namespace skerry::xenstore {

enum class Error : std::uint8_t {
    none,
    invalid,         ///< EINVAL: the message or a word in it is not of the documented form
    access,          ///< EACCES: the node's permissions do not allow it, or the caller is not privileged
    exists,          ///< EEXIST: that watch is there already
    not_found,       ///< ENOENT
    no_space,        ///< ENOSPC: a quota is used up
    not_implemented, ///< ENOSYS: no such request
    busy,            ///< EBUSY: requests that cannot be part of a transaction
    again,           ///< EAGAIN: the transaction conflicts with what others did; try it again
    too_big,         ///< E2BIG: the answer is longer than a message, or that would be one watch too many
    not_permitted,   ///< EPERM: only a controlling domain may give a node away
    io,              ///< EIO: the domain's page or channel cannot be reached
};

constexpr const char* wire_name(Error error) {
    switch (error) {
    case Error::none: return "OK";
    case Error::invalid: return "EINVAL";
    case Error::access: return "EACCES";
    case Error::exists: return "EEXIST";
    case Error::not_found: return "ENOENT";
    case Error::no_space: return "ENOSPC";
    case Error::not_implemented: return "ENOSYS";
    case Error::busy: return "EBUSY";
    case Error::again: return "EAGAIN";
    case Error::too_big: return "E2BIG";
    case Error::not_permitted: return "EPERM";
    case Error::io: return "EIO";
    }
    return "EINVAL";
}

} // namespace skerry::xenstore
