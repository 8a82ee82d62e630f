// SPDX-License-Identifier: MIT
#include "transaction.h"

#include <algorithm>

namespace skerry::xenstore {

Transaction::~Transaction() {
    for (const Change* at = &root_; at != nullptr; at = at->next_in(root_)) accounts_.refund(domain_, cost(*at));
}

Place Transaction::top() { return {&tree_.root(), &root_, false}; }

Located Transaction::look(std::string_view path) {
    Place at = top();
    Located found{at, at, 0};
    for (const auto name : Components(path)) {
        Place next;
        next.change = at.change != nullptr ? at.change->child(name) : nullptr;
        next.hidden = at.hidden || (next.change != nullptr && next.change->hides);
        next.node = at.node != nullptr && !next.hidden ? at.node->child(name) : nullptr;
        at = next;
        ++found.missing;
        if (at.exists()) {
            found.last = at;
            found.missing = 0;
        }
    }
    found.place = at;
    return found;
}

std::size_t Transaction::untouched(std::string_view path) const {
    const Change* at = &root_;
    std::size_t count = 0;
    for (const auto name : Components(path)) {
        if (at != nullptr) at = at->child(name);
        count += at == nullptr;
    }
    return count;
}

Place Transaction::touch(std::string_view path) {
    Place at = top();
    for (const auto name : Components(path)) at = step(at, name);
    return at;
}

Place Transaction::step(const Place& parent, std::string_view name) {
    Place place;
    place.change = parent.change->child(name);
    if (place.change == nullptr) {
        place.change = &parent.change->add_child(name);
        ++touched_;
        accounts_.charge(domain_, cost(*place.change));
    }
    place.hidden = parent.hidden || place.change->hides;
    place.node = parent.node != nullptr && !place.hidden ? parent.node->child(name) : nullptr;
    return place;
}

void Transaction::saw(const Place& place, std::uint8_t what) {
    if (place.hidden) return; // it sees its own doing
    Change& change = *place.change;
    const Node* node = place.node;
    if ((what & Change::seen_identity) != 0 && (change.seen & Change::seen_identity) == 0)
        change.identity = node != nullptr ? node->identity : 0;
    if (node != nullptr && (what & Change::seen_value) != 0 && (change.seen & Change::seen_value) == 0)
        change.changed = node->changed;
    if (node != nullptr && (what & Change::seen_list) != 0 && (change.seen & Change::seen_list) == 0)
        change.listed = node->listed;
    change.seen |= node != nullptr ? what : what & Change::seen_identity;
}

void Transaction::charge(Change& change, std::size_t before) {
    accounts_.charge(domain_, cost(change));
    accounts_.refund(domain_, before);
}

void Transaction::write(const Place& place, std::string_view value) {
    saw(place, Change::seen_identity | Change::seen_value);
    Change& change = *place.change;
    const std::size_t before = cost(change);
    if (change.kind != Change::Kind::written) {
        change.kind = Change::Kind::written;
        change.order = next_order_++;
    }
    change.sets_value = true;
    change.value = value;
    charge(change, before);
}

void Transaction::set_permissions(const Place& place, Permissions permissions) {
    saw(place, Change::seen_identity);
    Change& change = *place.change;
    const std::size_t before = cost(change);
    if (change.kind != Change::Kind::written) {
        change.kind = Change::Kind::written;
        change.order = next_order_++;
    }
    change.sets_permissions = true;
    change.permissions = std::move(permissions);
    charge(change, before);
}

void Transaction::create(const Place& place, std::string_view value, Permissions permissions) {
    saw(place, Change::seen_identity);
    Change& change = *place.change;
    const std::size_t before = cost(change);
    const bool was_removed = change.kind == Change::Kind::removed;
    change.kind = Change::Kind::written;
    if (!was_removed) change.order = next_order_++;
    change.creates = change.sets_value = change.sets_permissions = true;
    ++created_;
    change.value = value;
    change.permissions = std::move(permissions);
    charge(change, before);
}

void Transaction::remove(const Place& place) {
    saw(place, Change::seen_identity | Change::seen_value);
    // What it made below is gone too; what it saw there stays seen.
    for (Change* at = place.change; at != nullptr; at = at->next_in(*place.change)) {
        const std::size_t before = cost(*at);
        created_ -= at->creates;
        at->kind = Change::Kind::none;
        at->creates = at->hides = at->sets_value = at->sets_permissions = false;
        at->value.clear();
        at->permissions.clear();
        charge(*at, before);
    }
    place.change->kind = Change::Kind::removed;
    place.change->hides = true;
    place.change->order = next_order_++;
}

const std::string& Transaction::value(const Place& place) const {
    return place.change != nullptr && place.change->sets_value ? place.change->value : place.node->value;
}

Rights Transaction::rights(const Place& place) const {
    if (place.change != nullptr && place.change->sets_permissions)
        return {&place.change->permissions, tree_.generation()};
    return {place.node->permissions.get(), place.node->identity};
}

Generation Transaction::latest(const Place& place) const {
    return (place.node != nullptr ? place.node->latest() : 0) + next_order_ - 1;
}

bool Transaction::holds() const {
    std::vector<Node*> nodes; // along the way to `at`
    const Change* before = nullptr;
    for (const Change* at = &root_; at != nullptr; at = at->next_in(root_)) {
        if (at == &root_) {
            nodes.push_back(&tree_.root());
        } else {
            for (const Change* up = before; up != at->parent(); up = up->parent()) nodes.pop_back();
            nodes.push_back(nodes.back() != nullptr ? nodes.back()->child(at->name()) : nullptr);
        }
        before = at;
        const Node* node = nodes.back();
        if ((at->seen & Change::seen_identity) != 0 && at->identity != (node != nullptr ? node->identity : 0))
            return false;
        if ((at->seen & Change::seen_value) != 0 && (node == nullptr || at->changed != node->changed)) return false;
        if ((at->seen & Change::seen_list) != 0 && (node == nullptr || at->listed != node->listed)) return false;
    }
    return true;
}

std::vector<const Change*> Transaction::changes() const {
    std::vector<const Change*> list;
    for (const Change* at = &root_; at != nullptr; at = at->next_in(root_))
        if (at->kind != Change::Kind::none) list.push_back(at);
    std::sort(list.begin(), list.end(), [](const Change* a, const Change* b) { return a->order < b->order; });
    return list;
}

void Transaction::restore(std::uint32_t next_order) {
    next_order_ = next_order;
    accounts_.refund(domain_, cost(Change{}));
    for (const Change* at = &root_; at != nullptr; at = at->next_in(root_)) {
        touched_ += at != &root_;
        created_ += at->creates;
        accounts_.charge(domain_, cost(*at));
    }
}

} // namespace skerry::xenstore
