// SPDX-License-Identifier: MIT
// All nodes below one, as they lie in the snapshot that the former server left. A new server reads them when somebody first
// looks there, or when it has nothing else to do, so that its clients need not wait for all of a large store.
#pragma once

#include "path.h"

#include <cstddef>
#include <span>
#include <vector>

namespace skerry::xenstore {

struct Node;
class Tree;

struct Unread {
    /// What is there counts as its owners' from the beginning.
    struct Share {
        DomainId owner;
        std::uint32_t nodes;
        std::uint64_t bytes;
    };
    /// Creates the nodes below `top`, which has none, by Tree::restore().
    using Reader = void (*)(Tree&, Node& top, std::span<const std::byte> bytes);

    std::span<const std::byte> bytes; ///< in the latest snapshot
    Reader read;
    std::vector<Share> shares;
};

} // namespace skerry::xenstore
