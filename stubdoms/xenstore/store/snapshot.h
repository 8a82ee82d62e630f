// SPDX-License-Identifier: MIT
// All of a store as bytes, and back. What is derived (counts, lists of owners) is not in it.
#pragma once

#include "store.h"

#include <cstddef>
#include <span>

namespace skerry::xenstore {

class Snapshot {
  public:
    /// Bytes written; nullopt: `to` is too small.
    static std::optional<std::size_t> write(const Store& store, std::span<std::byte> to);
    /// As write(), but nodes that are as they were in `latest` are copied from there, whole parts of the tree at once: it is
    /// what this store was read from or what this call wrote last, or empty. `to` is the latest from now on.
    static std::optional<std::size_t> renew(Store& store, std::span<std::byte> to, std::span<const std::byte> latest);
    /// Into a store that has had no input. Most of the tree is read later: `from` stays as it is until renew() succeeds.
    /// False: these bytes are not a snapshot of this version; the store is then
    /// whatever it became, and to be thrown away.
    static bool read(Store& store, std::span<const std::byte> from);

  private:
    class Writer;
    class Reader;
    class NodeCopier;
    static std::optional<std::size_t> write(const Store& store, std::span<std::byte> to, NodeCopier* copier);
    struct NodeHead;
    struct KeptNode;
    static void write_node(const Node& node, std::size_t depth, Writer& to);
    static void write_nodes(const Store& store, Writer& to, NodeCopier* copier);
    static void read_nodes(Store& store, Reader& from);
    static std::optional<KeptNode> read_node(Reader& from, std::size_t depth, std::size_t top);
    static void read_below(Tree& tree, Node& top, std::size_t top_depth, std::ptrdiff_t top_place, Reader& from,
                           std::size_t leave);
    static void leave_below(Tree& tree, Node& top, const NodeHead& head, Reader& from);
    static void read_unread(Tree& tree, Node& top, std::span<const std::byte> bytes);
    static void set_generations(Node& node, const NodeHead& head);
    static void write_watches(const WatchPoint& root, bool special, Writer& to);
    static void read_watches(Store& store, Reader& from);
    static void write_connection(const Connection& client, Writer& to);
    static void read_connection(Store& store, Reader& from);
    static void write_transaction(const Transaction& transaction, Writer& to);
    static void read_transaction(Transaction& transaction, Reader& from);
};

} // namespace skerry::xenstore
