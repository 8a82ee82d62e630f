// SPDX-License-Identifier: MIT
#include "tree.h"

#include <algorithm>

namespace skerry::xenstore {

Tree::Tree(Accounts& accounts) : accounts_(accounts) {
    root_.permissions = std::make_shared<const Permissions>(1, Permission{0, Access::none});
    own(root_);
}

Node& Tree::create(Node& parent, std::string_view name, Permissions permissions) {
    Node& node = parent.add_child(name);
    node.permissions = permissions == *parent.permissions ? parent.permissions
                                                          : std::make_shared<const Permissions>(std::move(permissions));
    node.identity = node.changed = node.listed = parent.listed = advance();
    parent.names_size += static_cast<std::uint32_t>(name.size() + 1);
    ++count_;
    own(node);
    note_change(parent);
    return node;
}

Node* Tree::restore(Node& parent, std::string_view name, std::string_view value, SharedPermissions permissions) {
    Node* node = parent.add_last_child(name);
    if (node == nullptr) return nullptr;
    node->permissions = std::move(permissions);
    node->value = value;
    parent.names_size += static_cast<std::uint32_t>(name.size() + 1);
    ++count_;
    own(*node);
    return node;
}

void Tree::set_value(Node& node, std::string_view value) {
    const DomainId owner = node.permissions->front().domain;
    accounts_.refund(owner, node.value.size());
    node.value = value;
    accounts_.charge(owner, value.size());
    node.changed = advance();
    note_change(node);
}

void Tree::set_permissions(Node& node, Permissions permissions) {
    disown(node);
    node.permissions = std::make_shared<const Permissions>(std::move(permissions));
    own(node);
    node.identity = advance();
    note_change(node);
}

void Tree::remove(Node& node) {
    node.remove_below([this](Node& leaf) { forget(leaf); });
    Node& parent = *node.parent();
    forget(node);
    parent.names_size -= static_cast<std::uint32_t>(node.name().size() + 1);
    parent.listed = advance();
    parent.remove_child(node);
    note_change(parent);
}

/// Above a node that is not kept there is none that is.
void Tree::note_change(Node& node) {
    for (Node* at = &node; at != nullptr && at->kept; at = at->parent()) at->kept = false;
}

void Tree::forget(Node& node) {
    disown(node);
    --count_;
}

// --- what is read later ------------------------------------------------------------------------------------------------

void Node::read_unread() const { unread->tree.read(*unread); }

void Tree::leave_unread(Node& top, Unread below) {
    for (const Unread::Share& share : below.shares) {
        accounts_.charge(share.owner, share.bytes).nodes += share.nodes;
        count_ += share.nodes;
    }
    top.unread = &unread_.emplace_back(UnreadPart{std::move(below), *this, top});
}

void Tree::read(const UnreadPart& part) {
    Node& top = part.top;
    top.unread = nullptr;
    for (const Unread::Share& share : part.shares) {
        accounts_[share.owner].nodes -= share.nodes;
        accounts_.refund(share.owner, share.bytes);
        count_ -= share.nodes;
    }
    part.read(*this, top, part.bytes);
    unread_.erase(std::find_if(unread_.begin(), unread_.end(), [&](const auto& each) { return &each == &part; }));
}

bool Tree::read_some() {
    if (unread_.empty()) return false;
    read(unread_.front());
    return true;
}

void Tree::read_all_of(DomainId owner) {
    for (auto part = unread_.begin(); part != unread_.end();) {
        const UnreadPart& each = *part++;
        const auto is_owners = [&](const Unread::Share& share) { return share.owner == owner; };
        if (std::any_of(each.shares.begin(), each.shares.end(), is_owners)) read(each);
    }
}

// --- who owns what -----------------------------------------------------------------------------------------------------

void Tree::own(Node& node) {
    Account& account = accounts_.charge(node.permissions->front().domain, cost(node));
    ++account.nodes;
    node.owned_before = nullptr;
    node.owned_after = account.owned;
    if (account.owned != nullptr) account.owned->owned_before = &node;
    account.owned = &node;
}

void Tree::disown(Node& node) {
    const DomainId owner = node.permissions->front().domain;
    Account& account = accounts_[owner];
    --account.nodes;
    (node.owned_before != nullptr ? node.owned_before->owned_after : account.owned) = node.owned_after;
    if (node.owned_after != nullptr) node.owned_after->owned_before = node.owned_before;
    accounts_.refund(owner, cost(node));
}

} // namespace skerry::xenstore
