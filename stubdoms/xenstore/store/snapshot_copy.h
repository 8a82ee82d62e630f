// SPDX-License-Identifier: MIT
// What need not be written again: a node that is as it was in the latest snapshot, and all below it too, is copied from there.
#pragma once

#include "snapshot_nodes.h"

namespace skerry::xenstore::snapshot {

/// Keeps account of where nodes lie in the latest snapshot, and are going to lie in the next.
class NodeCopier {
  public:
    NodeCopier(const Tree& tree, std::span<const std::byte> latest)
        : latest_(tree.places_known ? latest : std::span<const std::byte>()) {
        tree.places_known = false; // until all has been written
    }
    /// All bytes of a node and what is below it, if they are known. `old`: its place in the latest snapshot.
    std::span<const std::byte> find(const Node& node, std::size_t old) const {
        NodeHead head;
        if (!node.kept || old > latest_.size() || latest_.size() - old < sizeof head) return {};
        std::memcpy(&head, latest_.data() + old, sizeof head);
        const std::size_t size = own_size(node) + head.below;
        return size <= latest_.size() - old ? latest_.subspan(old, size) : std::span<const std::byte>();
    }
    /// It is there now, so far behind its parent.
    static void note(const Node& node, std::size_t behind_parent) {
        node.kept = true;
        node.kept_at = static_cast<std::uint32_t>(behind_parent);
    }
    /// All of it is there; what has not been read is to be read from there.
    static void finish(Tree& tree, std::span<const std::byte> written) {
        tree.move_unread([&](const Node& top, std::size_t size) {
            std::size_t place = own_size(top);
            for (const Node* at = &top; at != nullptr; at = at->parent()) place += at->kept_at;
            return written.subspan(place, size);
        });
        tree.places_known = true;
    }

  private:
    std::span<const std::byte> latest_;
};

} // namespace skerry::xenstore::snapshot
