// SPDX-License-Identifier: MIT
// The nodes of a snapshot: parents first, each with its depth, and how many bytes are below it.
#pragma once

#include "snapshot_bytes.h"
#include "tree.h"

namespace skerry::xenstore::snapshot {

class NodeCopier;

/// What goes before a node's name, value and permissions: in one piece, since there may be very many.
struct NodeHead {
    std::uint16_t depth, permissions;
    std::uint32_t name_size, value_size;
    std::uint32_t below; ///< bytes of all nodes below it, which follow
    Generation identity, changed, listed;
};
/// Bytes of a node without those below it.
inline std::size_t own_size(const Node& node) {
    return sizeof(NodeHead) + node.name().size() + node.value.size() +
           node.permissions->size() * sizeof(KeptPermission);
}

/// `copier`: nullptr, or what may be copied.
void write_nodes(const Tree& tree, Writer& to, NodeCopier* copier);
/// Into a tree that has only its root. Parts are left for later: their bytes stay where they are until NodeCopier::finish().
void read_nodes(Tree& tree, Reader& from);

} // namespace skerry::xenstore::snapshot
