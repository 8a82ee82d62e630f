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
    /// Into a store that has had no input. False: these bytes are not a snapshot of this version; the store is then
    /// whatever it became, and to be thrown away.
    static bool read(Store& store, std::span<const std::byte> from);

  private:
    class Writer;
    class Reader;
    static void write_nodes(const Store& store, Writer& to);
    static void read_nodes(Store& store, Reader& from);
    static void write_watches(const WatchPoint& root, bool special, Writer& to);
    static void read_watches(Store& store, Reader& from);
    static void write_connection(const Connection& client, Writer& to);
    static void read_connection(Store& store, Reader& from);
    static void write_transaction(const Transaction& transaction, Writer& to);
    static void read_transaction(Transaction& transaction, Reader& from);
};

} // namespace skerry::xenstore
