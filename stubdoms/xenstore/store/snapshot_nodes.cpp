// SPDX-License-Identifier: MIT
#include "snapshot_nodes.h"

#include "snapshot_copy.h"

namespace skerry::xenstore::snapshot {

namespace {

/// Parts of the tree up to this size are read later. So what has to be read first is few nodes even of a large store.
constexpr std::size_t most_unread = 64 << 10;

void read_below(Tree& tree, Node& top, std::size_t top_depth, std::ptrdiff_t top_place, Reader& from,
                std::size_t leave);

/// Its own bytes; how many are below it is not known yet.
void write_node(const Node& node, std::size_t depth, Writer& to) {
    const std::string_view name = node.name();
    const NodeHead head{static_cast<std::uint16_t>(depth),
                        static_cast<std::uint16_t>(node.permissions->size()),
                        static_cast<std::uint32_t>(name.size()),
                        static_cast<std::uint32_t>(node.value.size()),
                        0,
                        node.identity,
                        node.changed,
                        node.listed};
    to.raw(&head, sizeof head);
    to.raw(name.data(), name.size());
    to.raw(node.value.data(), node.value.size());
    to.permission_entries(*node.permissions);
}

/// A node as it lies there.
struct KeptNode {
    NodeHead head;
    std::string_view name, value;
};

/// The next node, up to its permissions. `depth`: of the one before; `top`: of the one that all are below.
/// nullopt: there is none, or it makes no sense.
std::optional<KeptNode> read_node(Reader& from, std::size_t depth, std::size_t top) {
    KeptNode node;
    node.head = from.number<NodeHead>();
    if (!from.good() || node.head.depth == no_more) return std::nullopt;
    node.name = from.view(node.head.name_size);
    node.value = from.view(node.head.value_size);
    from.check(node.head.depth > top && node.head.depth <= depth + 1 && !node.name.empty() &&
               node.head.permissions != 0);
    return from.good() ? std::optional(node) : std::nullopt;
}

void set_generations(Node& node, const NodeHead& head) {
    node.identity = head.identity;
    node.changed = head.changed;
    node.listed = head.listed;
    node.kept = true;
}

void read_unread(Tree& tree, Node& top, std::span<const std::byte> bytes) {
    Reader from(bytes);
    // Its own bytes lie before those.
    read_below(tree, top, depth_of(top), -static_cast<std::ptrdiff_t>(own_size(top)), from, 0);
}

/// Looks at what is below `top` only as far as it takes to trust it, and to know whose it is.
void leave_below(Tree& tree, Node& top, const NodeHead& head, Reader& from) {
    const std::string_view kept = from.view(head.below);
    Unread below{std::as_bytes(std::span(kept)), read_unread, {}};
    Reader nodes(below.bytes);
    std::size_t depth = head.depth;
    while (!nodes.at_end() && from.good()) {
        const auto node = read_node(nodes, depth, head.depth);
        from.check(node.has_value());
        if (!node) return;
        depth = node->head.depth;
        const DomainId owner = nodes.number<KeptPermission>().domain;
        nodes.skip((node->head.permissions - 1) * sizeof(KeptPermission));
        from.check(nodes.good());
        auto share = std::find_if(below.shares.begin(), below.shares.end(),
                                  [&](const Unread::Share& each) { return each.owner == owner; });
        if (share == below.shares.end()) share = below.shares.insert(share, {owner, 0, 0});
        ++share->nodes;
        share->bytes += Tree::cost(node->name.size(), node->value.size(), node->head.permissions);
    }
    if (from.good()) tree.leave_unread(top, std::move(below));
}

/// Creates the nodes below `top`, which is at `top_depth` and lies at `top_place`; but what is below one of them in no more
/// than `leave` bytes is left for later.
void read_below(Tree& tree, Node& top, std::size_t top_depth, std::ptrdiff_t top_place, Reader& from,
                std::size_t leave) {
    Node* at = &top; // the node before
    std::size_t depth = top_depth;
    std::vector<std::ptrdiff_t> places{top_place}; // of it, and of those above it from `top` on
    while (!from.at_end()) {
        const auto place = static_cast<std::ptrdiff_t>(from.place());
        const auto node = read_node(from, depth, top_depth);
        if (!node) return;
        const SharedPermissions permissions = from.shared_permissions(node->head.permissions);
        if (!from.good()) return;
        for (; depth >= node->head.depth; --depth) at = at->parent();
        at = tree.restore(*at, node->name, node->value, permissions);
        from.check(at != nullptr);
        if (!from.good()) return;
        depth = node->head.depth;
        places.resize(depth - top_depth);
        at->kept_at = static_cast<std::uint32_t>(place - places.back());
        places.push_back(place);
        set_generations(*at, node->head);
        if (node->head.below != 0 && node->head.below <= leave) leave_below(tree, *at, node->head, from);
    }
}

} // namespace

void write_nodes(const Tree& tree, Writer& to, NodeCopier* copier) {
    const Node& root = tree.root();
    struct Open {
        std::size_t place, end; ///< of its own bytes
        std::size_t old;        ///< its place in the latest snapshot
    };
    std::vector<Open> open; // the node before, and those above it
    const auto close = [&](std::size_t depth) {
        for (; open.size() > depth; open.pop_back())
            to.amend(open.back().place + offsetof(NodeHead, below),
                     static_cast<std::uint32_t>(to.place() - open.back().end));
    };
    for (const Node* at = &root; at != nullptr;) {
        const std::size_t depth = depth_of(*at), place = to.place();
        close(depth);
        const Open above = open.empty() ? Open{0, 0, 0} : open.back();
        const std::size_t old = above.old + at->kept_at;
        if (copier != nullptr) {
            const auto kept = copier->find(*at, old);
            NodeCopier::note(*at, place - above.place);
            if (!kept.empty()) {
                to.raw(kept.data(), kept.size());
                at = at->next_behind(root);
                continue;
            }
        }
        write_node(*at, depth, to);
        open.push_back({place, to.place(), old});
        at = at->next_in(root);
    }
    close(0);
    NodeHead end{};
    end.depth = no_more;
    to.raw(&end, sizeof end);
}

void read_nodes(Tree& tree, Reader& from) {
    tree.root().kept_at = static_cast<std::uint32_t>(from.place());
    const auto place = static_cast<std::ptrdiff_t>(from.place());
    const auto head = from.number<NodeHead>();
    from.check(head.depth == 0 && head.name_size == 0 && head.permissions != 0);
    const std::string_view value = from.view(head.value_size);
    const SharedPermissions permissions = from.shared_permissions(head.permissions);
    if (!from.good()) return;
    tree.set_permissions(tree.root(), *permissions);
    tree.set_value(tree.root(), value);
    set_generations(tree.root(), head);
    read_below(tree, tree.root(), 0, place, from, most_unread);
    tree.places_known = from.good();
}

} // namespace skerry::xenstore::snapshot
