// SPDX-License-Identifier: MIT
// A transaction: what it looked at, and what it changed, as a tree of its own beside the store's. It ends well if all
// that it looked at or changed is still as it was when it first did. What it did not touch may change as it likes:
// two transactions that make different children of one node do not conflict.
#pragma once

#include "rights.h"

#include <optional>

namespace skerry::xenstore {

struct Change : NameTree<Change> {
    // What the store's own node was at the first look.
    enum Seen : std::uint8_t { seen_identity = 1, seen_value = 2, seen_list = 4 };
    std::uint8_t seen = 0;
    Generation identity = 0; ///< 0: it did not exist
    Generation changed = 0;
    Generation listed = 0;

    // What the transaction made of it.
    enum class Kind : std::uint8_t { none, written, removed } kind = Kind::none;
    bool hides = false;   ///< the store's own node and all below it are removed first
    bool creates = false; ///< the node is new
    bool sets_value = false, sets_permissions = false;
    std::uint32_t order = 0; ///< of the latest removal, or else of the first change
    std::string value;       ///< of a new node, or if sets_value
    Permissions permissions; ///< of a new node, or if sets_permissions
};

/// A node as seen in a transaction, or outside of one.
struct Place {
    Node* node = nullptr;     ///< the store's own; nullptr: none, or hidden by the transaction
    Change* change = nullptr; ///< nullptr outside of transactions
    bool hidden = false;      ///< a change above hides what the store has here
    /// What the transaction changed may have gone meanwhile (the transaction then fails in the end).
    bool exists() const {
        const auto kind = change != nullptr ? change->kind : Change::Kind::none;
        return kind != Change::Kind::removed && (node != nullptr || (kind == Change::Kind::written && change->creates));
    }
};

struct Located {
    Place place;
    Place last;              ///< the nearest that exists: it itself or above it
    std::size_t missing = 0; ///< names of the path below `last`
};

class Transaction {
  public:
    /// `domain`: whose it is.
    Transaction(Tree& tree, Accounts& accounts, DomainId domain) : tree_(tree), accounts_(accounts), domain_(domain) {
        accounts.charge(domain, cost(root_));
    }
    Transaction(const Transaction&) = delete;
    Transaction& operator=(const Transaction&) = delete;
    ~Transaction();

    /// Finds `path`. Notes nothing.
    Located look(std::string_view path);
    /// How many records touch() would make.
    std::size_t untouched(std::string_view path) const;
    /// Finds `path` as look() does and makes records on the way, for the calls below.
    Place touch(std::string_view path);
    Place top();

    // Each notes what the transaction now depends on.
    void saw(const Place& place, std::uint8_t what);
    void write(const Place& place, std::string_view value);
    void set_permissions(const Place& place, Permissions permissions);
    /// The place does not exist yet; its parent does.
    void create(const Place& place, std::string_view value, Permissions permissions);
    void remove(const Place& place);

    const std::string& value(const Place& place) const;
    /// Rights at a place that exists.
    Rights rights(const Place& place) const;
    /// Changes whenever the node, or the list of its children, may have.
    Generation latest(const Place& place) const;

    /// True: nothing that it depends on has changed.
    bool holds() const;
    /// What is to be done to the store, in order.
    std::vector<const Change*> changes() const;

    std::uint32_t touched() const { return touched_; } ///< records, with those on the way
    std::uint32_t created() const { return created_; } ///< nodes it makes
    Change& root() { return root_; }
    const Change& root() const { return root_; }
    /// For a restart: the records below root() have been filled in.
    void restore(std::uint32_t next_order);
    std::uint32_t next_order() const { return next_order_; }
    static std::size_t cost(const Change& change) {
        return 352 + change.name().size() + change.value.size() + 4 * change.permissions.size();
    }

  private:
    Place step(const Place& parent, std::string_view name);
    void charge(Change& change, std::size_t before);

    Tree& tree_;
    Accounts& accounts_;
    const DomainId domain_;
    Change root_;
    std::uint32_t touched_ = 0;
    std::uint32_t created_ = 0;
    std::uint32_t next_order_ = 1;
};

} // namespace skerry::xenstore
