// SPDX-License-Identifier: MIT
// All of a store as bytes, and back. What is derived (counts, lists of owners) is not in it. Its parts are in files of their
// own: snapshot_bytes (the writer and the reader), snapshot_nodes, snapshot_copy (what is taken from the snapshot before),
// snapshot_clients (connections, transactions, watches).
#pragma once

#include "store.h"

#include <cstddef>
#include <span>

namespace skerry::xenstore {

namespace snapshot {
class NodeCopier;
}

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
    static std::optional<std::size_t> write(const Store& store, std::span<std::byte> to, snapshot::NodeCopier* copier);
};

} // namespace skerry::xenstore
