// SPDX-License-Identifier: MIT
#include "snapshot.h"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <type_traits>

namespace skerry::xenstore {

namespace {

constexpr std::uint32_t version = 3;
constexpr std::uint16_t no_more = 0xffff;

struct KeptPermission {
    DomainId domain;
    std::uint8_t access, padding;
};
static_assert(sizeof(KeptPermission) == 4);

/// Parts of the tree up to this size are read later. So what has to be read first is few nodes even of a large store.
constexpr std::size_t most_unread = 64 << 10;

template <class T> std::size_t depth_of(const T& node) {
    std::size_t depth = 0;
    for (const T* at = &node; at->parent() != nullptr; at = at->parent()) ++depth;
    return depth;
}

} // namespace

/// What goes before a node's name, value and permissions: in one piece, since there may be very many.
struct Snapshot::NodeHead {
    std::uint16_t depth, permissions;
    std::uint32_t name_size, value_size;
    std::uint32_t below; ///< bytes of all nodes below it, which follow
    Generation identity, changed, listed;
};

/// Writes until there is no room; what comes then is counted and lost.
class Snapshot::Writer {
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
class Snapshot::Reader {
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

/// Keeps account of where nodes lie in the latest snapshot, and are going to lie in the next.
class Snapshot::NodeCopier {
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
    static std::size_t own_size(const Node& node) {
        return sizeof(NodeHead) + node.name().size() + node.value.size() +
               node.permissions->size() * sizeof(KeptPermission);
    }

  private:
    std::span<const std::byte> latest_;
};

std::optional<std::size_t> Snapshot::write(const Store& store, std::span<std::byte> to) {
    return write(store, to, nullptr);
}

std::optional<std::size_t> Snapshot::renew(Store& store, std::span<std::byte> to, std::span<const std::byte> latest) {
    NodeCopier copier(store.tree_, latest);
    const auto size = write(store, to, &copier);
    if (size) NodeCopier::finish(store.tree_, to);
    return size;
}

std::optional<std::size_t> Snapshot::write(const Store& store, std::span<std::byte> bytes, NodeCopier* copier) {
    Writer to(bytes);
    to.number(version);
    to.number(store.tree_.generation());
    to.number(store.log_requests_);
    for (std::size_t i = 0; i < quota_count; ++i) to.number(store.quotas_[static_cast<Quota>(i)]);
    for (const auto& [name, node] : store.specials_) {
        to.permissions(*node.permissions);
        to.number(node.identity);
    }
    to.number(static_cast<std::uint32_t>(store.accounts_.all_released().size()));
    for (const auto& [domain, when] : store.accounts_.all_released()) {
        to.number(domain);
        to.number(when);
    }
    write_nodes(store, to, copier);
    to.number(static_cast<std::uint32_t>(store.connections_.size()));
    for (const auto& [domain, client] : store.connections_) write_connection(*client, to);
    write_watches(store.watches_.paths(), false, to);
    write_watches(store.watches_.specials(), true, to);
    to.text("");
    for (const auto& [domain, account] : store.accounts_.all())
        if (account.target) {
            to.number(domain);
            to.number(*account.target);
        }
    to.number(no_more);
    to.number(store.introduction_.has_value());
    const Introduction pending = store.introduction_.value_or(Introduction{});
    to.number(pending.asker);
    to.raw(&pending.header, sizeof pending.header);
    to.number(pending.domain);
    to.number(pending.port);
    return to.used();
}

bool Snapshot::read(Store& store, std::span<const std::byte> bytes) {
    Reader from(bytes);
    if (from.number<std::uint32_t>() != version) return false;
    const auto generation = from.number<Generation>();
    store.log_requests_ = from.number<std::uint8_t>() != 0;
    for (std::size_t i = 0; i < quota_count; ++i)
        store.quotas_.set(static_cast<Quota>(i), from.number<std::uint64_t>());
    for (auto& [name, node] : store.specials_) {
        node.permissions = from.shared_permissions(from.number<std::uint16_t>());
        node.identity = from.number<Generation>();
        from.check(!node.permissions->empty());
    }
    for (auto count = from.number<std::uint32_t>(); count > 0 && from.good(); --count) {
        const auto domain = from.number<DomainId>();
        store.accounts_.set_released(domain, from.number<Generation>());
    }
    if (from.good()) read_nodes(store, from);
    for (auto count = from.number<std::uint32_t>(); count > 0 && from.good(); --count) read_connection(store, from);
    if (from.good()) read_watches(store, from);
    while (from.good()) {
        const auto domain = from.number<DomainId>();
        if (domain == no_more) break;
        store.set_target(domain, from.number<DomainId>());
    }
    const bool introducing = from.number<std::uint8_t>() != 0;
    Introduction pending;
    pending.asker = from.number<DomainId>();
    from.raw(&pending.header, sizeof pending.header);
    pending.domain = from.number<DomainId>();
    pending.port = from.number<std::uint32_t>();
    if (introducing) store.introduction_ = pending;
    store.tree_.set_generation(generation);
    return from.good() && from.at_end();
}

// --- nodes: parents first, each with its depth -------------------------------------------------------------------------

void Snapshot::write_nodes(const Store& store, Writer& to, NodeCopier* copier) {
    const Node& root = store.tree_.root();
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

/// Its own bytes; how many are below it is not known yet.
void Snapshot::write_node(const Node& node, std::size_t depth, Writer& to) {
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
struct Snapshot::KeptNode {
    NodeHead head;
    std::string_view name, value;
};

/// The next node, up to its permissions. `depth`: of the one before; `top`: of the one that all are below.
/// nullopt: there is none, or it makes no sense.
std::optional<Snapshot::KeptNode> Snapshot::read_node(Reader& from, std::size_t depth, std::size_t top) {
    KeptNode node;
    node.head = from.number<NodeHead>();
    if (!from.good() || node.head.depth == no_more) return std::nullopt;
    node.name = from.view(node.head.name_size);
    node.value = from.view(node.head.value_size);
    from.check(node.head.depth > top && node.head.depth <= depth + 1 && !node.name.empty() &&
               node.head.permissions != 0);
    return from.good() ? std::optional(node) : std::nullopt;
}

void Snapshot::set_generations(Node& node, const NodeHead& head) {
    node.identity = head.identity;
    node.changed = head.changed;
    node.listed = head.listed;
    node.kept = true;
}

void Snapshot::read_nodes(Store& store, Reader& from) {
    Tree& tree = store.tree_;
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

/// Creates the nodes below `top`, which is at `top_depth` and lies at `top_place`; but what is below one of them in no more
/// than `leave` bytes is left for later.
void Snapshot::read_below(Tree& tree, Node& top, std::size_t top_depth, std::ptrdiff_t top_place, Reader& from,
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

/// Looks at what is below `top` only as far as it takes to trust it, and to know whose it is.
void Snapshot::leave_below(Tree& tree, Node& top, const NodeHead& head, Reader& from) {
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

void Snapshot::read_unread(Tree& tree, Node& top, std::span<const std::byte> bytes) {
    Reader from(bytes);
    // Its own bytes lie before those.
    read_below(tree, top, depth_of(top), -static_cast<std::ptrdiff_t>(NodeCopier::own_size(top)), from, 0);
}

// --- watches -----------------------------------------------------------------------------------------------------------

void Snapshot::write_watches(const WatchPoint& root, bool special, Writer& to) {
    for (const WatchPoint* at = &root; at != nullptr; at = at->next_in(root)) {
        if (at->watches.empty()) continue;
        to.text(std::string_view(at->path()).substr(special ? 1 : 0));
        for (const auto& [domain, watches] : at->watches)
            for (const Watch& watch : watches) {
                to.number(domain);
                to.text(watch.token);
                to.number(watch.relative);
                to.number(watch.depth);
            }
        to.number(no_more);
    }
}

void Snapshot::read_watches(Store& store, Reader& from) {
    for (;;) {
        const std::string path = from.text();
        if (!from.good() || path.empty()) return;
        for (;;) {
            const auto domain = from.number<DomainId>();
            if (!from.good() || domain == no_more) break;
            Watch watch{from.text(), from.number<std::uint8_t>() != 0, 0};
            watch.depth = from.number<int>();
            // An event cuts the home off a relative watch's path.
            from.check(!watch.relative || path.starts_with(home_of(domain) + "/"));
            from.check(from.good() && store.watches_.add(domain, path, std::move(watch)));
            ++store.accounts_[domain].watches;
        }
    }
}

// --- connections -------------------------------------------------------------------------------------------------------

void Snapshot::write_connection(const Connection& client, Writer& to) {
    to.number(client.domain);
    to.number(client.port);
    to.number(client.made_home);
    to.number(client.failure);
    to.number(client.taken);
    to.number(client.put);
    to.number(client.next_transaction);
    to.text(client.partial);
    to.number(static_cast<std::uint32_t>(client.output.messages().size()));
    for (const Output::Message& message : client.output.messages()) {
        to.number(message.event);
        to.text(message.bytes);
    }
    to.number(static_cast<std::uint32_t>(client.output.sent_of_first()));
    to.number(static_cast<std::uint32_t>(client.transactions.size()));
    for (const auto& [id, transaction] : client.transactions) {
        to.number(id);
        write_transaction(transaction, to);
    }
}

void Snapshot::read_connection(Store& store, Reader& from) {
    const auto domain = from.number<DomainId>();
    const auto port = from.number<std::uint32_t>();
    if (!from.good()) return;
    Connection& client = store.add_connection(domain, port, {});
    client.made_home = from.number<std::uint8_t>() != 0;
    client.failure = from.number<std::uint8_t>();
    client.taken = from.number<std::uint32_t>();
    client.put = from.number<std::uint32_t>();
    client.next_transaction = from.number<std::uint32_t>();
    client.partial = from.text();
    from.check(client.partial.size() < sizeof(Header) + longest_payload);
    store.accounts_.charge(domain, client.partial.size());
    for (auto count = from.number<std::uint32_t>(); count > 0 && from.good(); --count) {
        const bool event = from.number<std::uint8_t>() != 0;
        client.output.add({from.text(), event});
    }
    const auto sent = from.number<std::uint32_t>();
    from.check(sent == 0 || sent < client.output.next().size());
    if (from.good()) client.output.restore_sent(sent);
    for (auto count = from.number<std::uint32_t>(); count > 0 && from.good(); --count) {
        const auto id = from.number<std::uint32_t>();
        read_transaction(client.transactions.try_emplace(id, store.tree_, store.accounts_, domain).first->second, from);
    }
}

// --- transactions: as nodes are ----------------------------------------------------------------------------------------

void Snapshot::write_transaction(const Transaction& transaction, Writer& to) {
    to.number(transaction.next_order());
    const Change& root = transaction.root();
    for (const Change* at = &root; at != nullptr; at = at->next_in(root)) {
        to.number(static_cast<std::uint16_t>(depth_of(*at)));
        to.text(at->name());
        to.number(at->seen);
        to.number(at->identity);
        to.number(at->changed);
        to.number(at->listed);
        to.number(at->kind);
        to.number(
            static_cast<std::uint8_t>(at->hides | at->creates << 1 | at->sets_value << 2 | at->sets_permissions << 3));
        to.number(at->order);
        to.text(at->value);
        to.permissions(at->permissions);
    }
    to.number(no_more);
}

void Snapshot::read_transaction(Transaction& transaction, Reader& from) {
    const auto next_order = from.number<std::uint32_t>();
    Change* at = &transaction.root();
    std::size_t depth = 0;
    for (bool is_root = true;; is_root = false) {
        const auto place = from.number<std::uint16_t>();
        if (!from.good() || place == no_more) break;
        const std::string name = from.text();
        from.check(place <= depth + 1 && (is_root ? place == 0 : place > 0 && !name.empty()));
        if (!from.good()) return;
        if (!is_root) {
            for (; depth >= place; --depth) at = at->parent();
            at = &at->add_child(name);
            ++depth;
        }
        at->seen = from.number<std::uint8_t>();
        at->identity = from.number<Generation>();
        at->changed = from.number<Generation>();
        at->listed = from.number<Generation>();
        const auto kind = from.number<std::uint8_t>();
        from.check(kind <= static_cast<std::uint8_t>(Change::Kind::removed));
        at->kind = static_cast<Change::Kind>(kind);
        const auto flags = from.number<std::uint8_t>();
        at->hides = (flags & 1) != 0;
        at->creates = (flags & 2) != 0;
        at->sets_value = (flags & 4) != 0;
        at->sets_permissions = (flags & 8) != 0;
        at->order = from.number<std::uint32_t>();
        at->value = from.text();
        at->permissions = from.permissions();
        from.check(!at->sets_permissions || !at->permissions.empty());
    }
    transaction.restore(next_order);
}

} // namespace skerry::xenstore
