// SPDX-License-Identifier: MIT
// xenstore as the toolstack uses it. Functions throw Failure; a missing node is nullopt, and removing one is no error.
#pragma once

#include "toolstack/domain/parts/hypervisor.h"

#include <optional>

namespace skerry::toolstack {

/// xs_wire permissions: the first entry names the owner and what everybody else may do.
struct Permission {
    char access = 'n'; ///< n none, r read, w write, b both
    DomainNumber domain = 0;
    friend bool operator==(const Permission&, const Permission&) = default;
};
using Permissions = std::vector<Permission>;
using Transaction = std::uint32_t;
inline constexpr Transaction no_transaction = 0;

/// What is wanted of a node: its value, and who may reach it (nothing: as its parent says). Those above it are made.
struct NodeWish {
    std::string path, value;
    std::optional<Permissions> permissions = std::nullopt;
};

class Store {
  public:
    virtual ~Store() = default;
    /// False: there is no xenstore on this platform; nothing else works then.
    virtual bool present() const = 0;
    /// This domain's own number, as xenstore knows it.
    virtual DomainNumber own_domain() = 0;

    virtual std::optional<std::string> read(const std::string& path, Transaction transaction = no_transaction) = 0;
    virtual std::vector<std::string> directory(const std::string& path, Transaction transaction = no_transaction) = 0;
    virtual void write(const std::string& path, std::string_view value, Transaction transaction = no_transaction) = 0;
    virtual void make(const std::string& path, Transaction transaction = no_transaction) = 0;
    /// Also of what is not there.
    virtual void remove(const std::string& path, Transaction transaction = no_transaction) = 0;
    virtual void set_permissions(const std::string& path, const Permissions& permissions,
                                 Transaction transaction = no_transaction) = 0;
    /// remove() of each of `old`, then write() and set_permissions() of each wish, in order; a store that is far away need not
    /// be waited for each time.
    virtual void replace(const std::vector<std::string>& old, const std::vector<NodeWish>& wishes) {
        for (const std::string& path : old) remove(path);
        for (const NodeWish& wish : wishes) {
            write(wish.path, wish.value);
            if (wish.permissions) set_permissions(wish.path, *wish.permissions);
        }
    }
    virtual Transaction begin() = 0;
    /// False: it conflicted with another; do it all again.
    virtual bool end(Transaction transaction, bool commit) = 0;

    /// The store page of that domain is to be served, at that port of it. The store maps it by grant entry 1.
    virtual void introduce(DomainNumber domain, std::uint32_t port) = 0;
    virtual void release(DomainNumber domain) = 0;
};

/// Runs `change(transaction)` until it goes through; Failure after too many conflicts, or when `change` throws.
template <class Change> void in_transaction(Store& store, Change change) {
    for (int attempt = 0; attempt < 10; ++attempt) {
        const Transaction transaction = store.begin();
        try {
            change(transaction);
        } catch (...) {
            try {
                (void)store.end(transaction, false);
            } catch (const Failure&) { /* the first failure is the one to tell of */
            }
            throw;
        }
        if (store.end(transaction, true)) return;
    }
    throw Failure(code::busy, "xenstore: ten transactions in a row conflicted with others");
}

} // namespace skerry::toolstack
