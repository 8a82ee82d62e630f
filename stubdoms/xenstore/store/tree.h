// SPDX-License-Identifier: MIT
// The nodes, who owns them, and how much there is of everything. No rights are checked here and no watch is told.
#pragma once

#include "name_tree.h"
#include "permissions.h"
#include "unread.h"

#include <algorithm>
#include <list>
#include <map>
#include <optional>
#include <set>
#include <vector>

namespace skerry::xenstore {

/// Numbers every change; never repeats, also across restarts.
using Generation = std::uint64_t;

struct Node : NameTree<Node> {
    void come() const {
        if (unread != nullptr) [[unlikely]]
            read_unread();
    }

    std::string value;
    SharedPermissions permissions;
    Generation identity = 0; ///< when it was created, or its permissions were set
    Generation changed = 0;  ///< when its value was set
    Generation listed = 0;   ///< when a child came or went
    Generation latest() const { return std::max({identity, changed, listed}); }
    std::uint32_t names_size = 0; ///< bytes of all children's names, each with its zero
    Node* owned_before = nullptr; ///< among the nodes of the same owner
    Node* owned_after = nullptr;
    struct UnreadPart* unread = nullptr; ///< its children, if they have yet to be read
    // For Snapshot, which changes nothing that anybody else sees:
    mutable std::uint32_t kept_at = 0; ///< its place in the latest snapshot, counted from its parent's
    mutable bool kept = false;         ///< it and all below are still as they are there

  private:
    void read_unread() const;
};

struct UnreadPart : Unread {
    Tree& tree;
    Node& top;
};

/// What is known of a domain, connected or not.
struct Account {
    Node* owned = nullptr; ///< any of its nodes
    std::uint32_t nodes = 0;
    std::uint32_t watches = 0;
    std::uint64_t bytes = 0;        ///< of memory, that all it has takes
    bool free = false;              ///< its bytes do not count in the total
    std::optional<DomainId> target; ///< it has that domain's rights beside its own (SET_TARGET)
    std::set<DomainId> agents;      ///< who has this domain's rights so
    bool used() const { return nodes != 0 || watches != 0 || bytes != 0 || target || !agents.empty(); }
};

class Accounts {
  public:
    Account& operator[](DomainId domain) {
        if (find(domain) == nullptr) {
            recent_ = &*accounts_.try_emplace(domain).first;
            recent_->second.free = free_.contains(domain);
        }
        return recent_->second;
    }
    const Account* find(DomainId domain) const {
        if (recent_ != nullptr && recent_->first == domain) return &recent_->second;
        const auto found = accounts_.find(domain);
        if (found == accounts_.end()) return nullptr;
        recent_ = const_cast<Entry*>(&*found);
        return &recent_->second;
    }
    /// Memory that something of a domain's takes from now on, and no longer takes.
    Account& charge(DomainId domain, std::size_t bytes) {
        Account& account = (*this)[domain];
        account.bytes += bytes;
        if (!account.free) total_ += bytes;
        return account;
    }
    void refund(DomainId domain, std::size_t bytes) {
        Account& account = (*this)[domain];
        account.bytes -= bytes;
        if (!account.free) total_ -= bytes;
        tidy(domain);
    }
    /// Of all domains but the free ones.
    std::uint64_t total() const { return total_; }
    void set_free(std::set<DomainId> domains) {
        free_ = std::move(domains);
        total_ = 0;
        for (auto& [domain, account] : accounts_) {
            account.free = free_.contains(domain);
            if (!account.free) total_ += account.bytes;
        }
    }
    /// Forgets a domain of which there is nothing to know.
    void tidy(DomainId domain) {
        const Account* account = find(domain);
        if (account == nullptr || account->used()) return;
        recent_ = nullptr;
        accounts_.erase(domain);
    }
    /// When a domain of this number last went: permissions that were set before then meant that one.
    Generation released(DomainId domain) const {
        const auto found = released_.find(domain);
        return found != released_.end() ? found->second : 0;
    }
    void set_released(DomainId domain, Generation when) { released_[domain] = when; }
    const std::map<DomainId, Account>& all() const { return accounts_; }
    const std::map<DomainId, Generation>& all_released() const { return released_; }

  private:
    using Entry = std::pair<const DomainId, Account>;
    std::map<DomainId, Account> accounts_;
    mutable Entry* recent_ = nullptr; ///< what was asked for last: one request asks for the same ones many times
    std::map<DomainId, Generation> released_;
    std::set<DomainId> free_;
    std::uint64_t total_ = 0;
};

class Tree {
  public:
    explicit Tree(Accounts& accounts);

    Node& root() { return root_; }
    const Node& root() const { return root_; }
    Generation generation() const { return generation_; }
    Generation advance() { return ++generation_; }
    void set_generation(Generation generation) { generation_ = generation; }

    Node* find(std::string_view path) { return root_.find(path); }

    /// `permissions` has at least one entry; there is no child of that name yet.
    Node& create(Node& parent, std::string_view name, Permissions permissions);
    /// As create(), of a node whose name comes after those of its siblings, and nothing counts as changed: the caller sets
    /// the node's generations.
    /// nullptr: there is one of that name.
    Node* restore(Node& parent, std::string_view name, std::string_view value, SharedPermissions permissions);
    void set_value(Node& node, std::string_view value);
    void set_permissions(Node& node, Permissions permissions);
    /// With all below it. Not the root.
    void remove(Node& node);

    /// `top` has just been restored; what is below comes later.
    void leave_unread(Node& top, Unread below);
    void read(const UnreadPart& part);
    /// One part; false: there is none.
    bool read_some();
    /// Their bytes lie elsewhere from now on: where `place(top, how_many)` says.
    template <class F> void move_unread(F place) {
        for (UnreadPart& part : unread_) part.bytes = place(part.top, part.bytes.size());
    }
    /// All parts with nodes of that owner.
    void read_all_of(DomainId owner);

    /// For Snapshot: do the nodes' places, as they tell them, make sense?
    mutable bool places_known = false;

    std::size_t count() const { return count_; } ///< nodes, the root and unread ones included
    /// Bytes of memory, about; a snapshot takes fewer.
    static std::size_t cost(std::size_t name, std::size_t value, std::size_t permissions) {
        return 320 + name + value + 4 * permissions;
    }
    static std::size_t cost(const Node& node) {
        return cost(node.name().size(), node.value.size(), node.permissions->size());
    }

  private:
    static void note_change(Node& node);
    void own(Node& node);
    void disown(Node& node);
    void forget(Node& node);

    Accounts& accounts_;
    std::list<UnreadPart> unread_;
    Node root_;
    Generation generation_ = 0;
    std::size_t count_ = 1;
};

} // namespace skerry::xenstore
