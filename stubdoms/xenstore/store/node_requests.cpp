// SPDX-License-Identifier: MIT
// Requests that read or change nodes, in a transaction or outside of one.
#include "store.h"

namespace skerry::xenstore {

namespace {

constexpr std::uint8_t identity = Change::seen_identity;

/// A path without its last names.
std::string_view without_last(std::string_view path, std::size_t names) {
    for (; names > 0; --names) path = path.substr(0, path.rfind('/'));
    return path.empty() ? "/" : path;
}

} // namespace

// --- finding -------------------------------------------------------------------------------------------------------------

Error Store::path_of(Request& request, std::string_view text, std::string& path) {
    const DomainId domain = request.client.domain;
    if (const Error error = make_path(text, domain, path); error != Error::none) return error;
    return within(domain, Quota::path_length, length_in_home(path)) ? Error::none : Error::invalid;
}

Located Store::locate(Request& request, std::string_view path) {
    if (request.transaction != nullptr) return request.transaction->look(path);
    Located found{{&tree_.root()}, {&tree_.root()}, 0};
    for (const auto name : Components(path)) {
        Node* node = found.place.node != nullptr ? found.place.node->child(name) : nullptr;
        found.place.node = node;
        if (node != nullptr)
            found.last.node = node;
        else
            ++found.missing;
    }
    return found;
}

Rights Store::rights_of(Request& request, const Place& place) const {
    if (request.transaction != nullptr) return request.transaction->rights(place);
    return {place.node->permissions.get(), place.node->identity};
}

const std::string& Store::value_of(Request& request, const Place& place) const {
    return request.transaction != nullptr ? request.transaction->value(place) : place.node->value;
}

/// Makes the transaction, if there is one, depend on what is at `path`.
Error Store::note(Request& request, std::string_view path, std::uint8_t what, Place& place) {
    Transaction* transaction = request.transaction;
    if (transaction == nullptr) return Error::none;
    const DomainId domain = request.client.domain;
    const std::size_t names = transaction->untouched(path);
    if (names != 0 && !within(domain, Quota::transaction_nodes, transaction->touched() + names)) return Error::no_space;
    if (names != 0 && !affordable(domain, names * Transaction::cost(Change{}) + path.size())) return Error::no_space;
    place = transaction->touch(path);
    transaction->saw(place, what);
    return Error::none;
}

/// What it may do at a place that is not there is said by the nearest above it that is.
Error Store::note_nearest(Request& request, std::string_view path, const Located& located) {
    Place nearest;
    return note(request, without_last(path, located.missing), identity, nearest);
}

/// The node at `text`, if the client has `wanted` there. What does not exist is told only to those who might see it.
Error Store::find(Request& request, std::string_view text, Access wanted, std::uint8_t what, std::string& path,
                  Place& place) {
    if (const Error error = path_of(request, text, path); error != Error::none) return error;
    const Located located = locate(request, path);
    place = located.place;
    if (const Error error = note(request, path, what, place); error != Error::none) return error;
    if (const Error error = note_nearest(request, path, located); error != Error::none) return error;
    if (!authority_.permits(request.client.domain, rights_of(request, located.last), wanted)) return Error::access;
    return place.exists() ? Error::none : Error::not_found;
}

// --- reading -------------------------------------------------------------------------------------------------------------

Error Store::request_read(Request& request, std::string& answer) {
    const auto text = only_word(request.payload);
    if (!text) return Error::invalid;
    std::string path;
    Place place;
    if (const Error error = find(request, *text, Access::read, identity | Change::seen_value, path, place);
        error != Error::none)
        return error;
    answer = value_of(request, place);
    return Error::none;
}

/// The names of all children, each with its zero, in order.
std::string Store::names_of(Request& request, const Place& place) const {
    std::string names;
    const auto add = [&](std::string_view name) { names.append(name).append(1, '\0'); };
    static const Node::Children no_nodes;
    static const Change::Children no_changes;
    const auto& nodes = place.node != nullptr ? place.node->children() : no_nodes;
    const auto& changes = request.transaction != nullptr ? place.change->children() : no_changes;
    if (changes.empty()) names.reserve(place.node != nullptr ? place.node->names_size : 0);
    auto node = nodes.begin();
    for (const auto& [name, change] : changes) {
        for (; node != nodes.end() && node->first < name; ++node) add(node->first);
        const bool stored = node != nodes.end() && node->first == name;
        if (change.kind != Change::Kind::removed && (stored || change.creates)) add(name);
        if (stored) ++node;
    }
    for (; node != nodes.end(); ++node) add(node->first);
    return names;
}

Error Store::request_directory(Request& request, std::string& answer) {
    const auto text = only_word(request.payload);
    if (!text) return Error::invalid;
    std::string path;
    Place place;
    if (const Error error = find(request, *text, Access::read, identity | Change::seen_list, path, place);
        error != Error::none)
        return error;
    if (request.transaction == nullptr && place.node->names_size > longest_payload) return Error::too_big;
    answer = names_of(request, place);
    return Error::none;
}

Error Store::request_directory_part(Request& request, std::string& answer) {
    Words words(request.payload);
    const auto text = words.next(), offset_text = words.next();
    std::uint64_t offset = 0;
    if (!text || !offset_text || !words.done() || !parse_number(*offset_text, UINT32_MAX, offset))
        return Error::invalid;
    std::string path;
    Place place;
    if (const Error error = find(request, *text, Access::read, identity | Change::seen_list, path, place);
        error != Error::none)
        return error;
    const Generation changed =
        request.transaction != nullptr ? request.transaction->latest(place) : place.node->latest();
    answer = std::to_string(changed);
    answer.append(1, '\0');
    const std::string names = names_of(request, place);
    if (offset > names.size()) offset = names.size();
    // Whole names, as many as fit beside the zero that marks the end of the list.
    const std::size_t room = longest_payload - answer.size() - 1;
    std::size_t end = names.size();
    if (end - offset > room) end = names.rfind('\0', offset + room - 1) + 1;
    answer.append(names, offset, end - offset);
    if (end == names.size()) answer.append(1, '\0');
    return Error::none;
}

Error Store::request_get_permissions(Request& request, std::string& answer) {
    const auto text = only_word(request.payload);
    if (!text) return Error::invalid;
    if (is_special(*text)) return get_special_permissions(request, *text, answer);
    std::string path;
    Place place;
    if (const Error error = find(request, *text, Access::read, identity, path, place); error != Error::none)
        return error;
    answer = text_of(*rights_of(request, place).list);
    return Error::none;
}

// --- changing ------------------------------------------------------------------------------------------------------------

Error Store::request_write(Request& request, std::string&) {
    Words words(request.payload);
    const auto text = words.next();
    if (!text) return Error::invalid;
    const std::string_view value = words.rest();
    return put(request, *text, &value);
}

Error Store::request_mkdir(Request& request, std::string&) {
    const auto text = only_word(request.payload);
    return text ? put(request, *text, nullptr) : Error::invalid;
}

/// Makes sure that the node is there, with `value` if there is one.
Error Store::put(Request& request, std::string_view text, const std::string_view* value) {
    const DomainId domain = request.client.domain;
    std::string path;
    if (const Error error = path_of(request, text, path); error != Error::none) return error;
    const Located located = locate(request, path);
    if (const Error error = note_nearest(request, path, located); error != Error::none) return error;
    const Rights rights = rights_of(request, located.last);
    if (!authority_.permits(domain, rights, Access::write)) return Error::access;
    const std::string_view bytes = value != nullptr ? *value : std::string_view();
    if (!within(domain, Quota::node_size, bytes.size() + 4 * rights.list->size())) return Error::no_space;
    if (!affordable(domain, bytes.size())) return Error::no_space;
    if (!located.place.exists()) return create(request, path, located, bytes);
    if (value == nullptr) {
        Place place;
        return note(request, path, identity, place);
    }
    if (request.transaction != nullptr) {
        Place place;
        if (const Error error = note(request, path, identity, place); error != Error::none) return error;
        request.transaction->write(place, bytes);
    } else {
        tree_.set_value(*located.place.node, bytes);
        fire(path, *located.place.node);
    }
    return Error::none;
}

Error Store::create(Request& request, std::string_view path, const Located& located, std::string_view value) {
    const DomainId domain = request.client.domain;
    Transaction* transaction = request.transaction;
    const Account* account = accounts_.find(domain);
    const std::uint64_t nodes = (account != nullptr ? account->nodes : 0) + located.missing +
                                (transaction != nullptr ? transaction->created() : 0);
    if (!within(domain, Quota::nodes, nodes)) return Error::no_space;
    if (!affordable(domain, located.missing * Tree::cost(0, 0, 4) + path.size())) return Error::no_space;
    if (transaction == nullptr) {
        fire(path, create_node(domain, path, value));
        return Error::none;
    }
    Place place;
    if (const Error error = note(request, path, identity, place); error != Error::none) return error;
    // From the nearest that exists to the last.
    const Permissions permissions = inherited(domain, rights_of(request, located.last));
    std::size_t length = without_last(path, located.missing).size();
    if (length == 1) length = 0; // "/"
    while (length < path.size()) {
        length = std::min(path.find('/', length + 1), path.size());
        transaction->create(transaction->touch(path.substr(0, length)),
                            length == path.size() ? value : std::string_view(), permissions);
    }
    return Error::none;
}

/// What a new node gets: its parent's permissions, owned by whoever makes it.
Permissions Store::inherited(DomainId domain, const Rights& rights) const {
    Permissions permissions = *rights.list;
    if (!is_free(domain)) permissions.front().domain = domain;
    // Entries that meant domains of the past do not come to life again.
    std::erase_if(permissions, [&, first = true](const Permission& entry) mutable {
        const bool owner = first;
        first = false;
        return !owner && rights.since < accounts_.released(entry.domain);
    });
    return permissions;
}

Error Store::request_rm(Request& request, std::string&) {
    const auto text = only_word(request.payload);
    if (!text) return Error::invalid;
    std::string path;
    if (const Error error = path_of(request, *text, path); error != Error::none) return error;
    const Located located = locate(request, path);
    Place place;
    if (const Error error = note(request, path, identity, place); error != Error::none) return error;
    if (const Error error = note_nearest(request, path, located); error != Error::none) return error;
    if (located.missing > 1) { // the answer would be another if the parent were there
        Place parent;
        const std::string_view first_missing = without_last(path, located.missing - 1);
        if (const Error error = note(request, first_missing, identity, parent); error != Error::none) return error;
    }
    if (!authority_.permits(request.client.domain, rights_of(request, located.last), Access::write))
        return Error::access; // whether there is something or not
    if (path == "/") return Error::invalid;
    if (!located.place.exists()) return located.missing == 1 ? Error::none : Error::not_found;
    if (request.transaction != nullptr)
        request.transaction->remove(place);
    else
        remove_node(path, *located.place.node);
    return Error::none;
}

/// The rest of a SET_PERMS. Behind its last zero there may be anything: the protocol reserves it.
Error Store::read_permissions(Request& request, Words& words, Permissions& permissions) {
    while (const auto word = words.next()) {
        Permission entry;
        if (!parse_permission(*word, entry)) return Error::invalid;
        permissions.push_back(entry);
    }
    if (permissions.empty()) return Error::invalid;
    return within(request.client.domain, Quota::permissions, permissions.size()) ? Error::none : Error::no_space;
}

/// May the client give something with `rights` these permissions? Only who controls the store gives nodes away.
Error Store::may_set(const Request& request, const Rights& rights, const Permissions& permissions) const {
    const DomainId domain = request.client.domain;
    if (!authority_.owns(domain, rights)) return Error::access;
    const bool same_owner = permissions.front().domain == rights.list->front().domain;
    return same_owner || is_free(domain) ? Error::none : Error::not_permitted;
}

Error Store::request_set_permissions(Request& request, std::string&) {
    const DomainId domain = request.client.domain;
    Words words(request.payload);
    const auto text = words.next();
    if (!text) return Error::invalid;
    Permissions permissions;
    if (const Error error = read_permissions(request, words, permissions); error != Error::none) return error;
    if (is_special(*text)) return set_special_permissions(request, *text, std::move(permissions));
    std::string path;
    Place place;
    if (const Error error = find(request, *text, Access::write, identity, path, place); error != Error::none)
        return error;
    if (const Error error = may_set(request, rights_of(request, place), permissions); error != Error::none)
        return error;
    if (!affordable(domain, 4 * permissions.size()) ||
        !within(domain, Quota::node_size, value_of(request, place).size() + 4 * permissions.size()))
        return Error::no_space;
    if (request.transaction != nullptr)
        request.transaction->set_permissions(place, std::move(permissions));
    else
        set_node_permissions(path, *place.node, std::move(permissions));
    return Error::none;
}

// --- who is told of @introduceDomain and @releaseDomain ---------------------------------------------------------------------

/// Others than these are told of to those who may do that with the root.
Error Store::find_special(Request& request, std::string_view name, Access wanted, Node*& special) {
    if (!is_valid_special(name)) return Error::invalid;
    const auto found = specials_.find(name);
    special = found != specials_.end() ? &found->second : &tree_.root();
    const Rights rights{special->permissions.get(), special->identity};
    if (!authority_.permits(request.client.domain, rights, wanted)) return Error::access;
    return found != specials_.end() ? Error::none : Error::not_found;
}

Error Store::get_special_permissions(Request& request, std::string_view name, std::string& answer) {
    Node* special = nullptr;
    if (const Error error = find_special(request, name, Access::read, special); error != Error::none) return error;
    answer = text_of(*special->permissions);
    return Error::none;
}

Error Store::set_special_permissions(Request& request, std::string_view name, Permissions permissions) {
    Node* special = nullptr;
    if (const Error error = find_special(request, name, Access::write, special); error != Error::none) return error;
    const Rights rights{special->permissions.get(), special->identity};
    if (const Error error = may_set(request, rights, permissions); error != Error::none) return error;
    special->permissions = std::make_shared<const Permissions>(std::move(permissions));
    special->identity = tree_.advance();
    return Error::none;
}

// --- changes of the store itself, with their events ------------------------------------------------------------------------

/// With what is missing above it. One event tells of all.
Node& Store::create_node(DomainId domain, std::string_view path, std::string_view value) {
    Node* at = &tree_.root();
    for (const auto name : Components(path)) {
        Node* child = at->child(name);
        at = child != nullptr ? child
                              : &tree_.create(*at, name, inherited(domain, {at->permissions.get(), at->identity}));
    }
    tree_.set_value(*at, value);
    return *at;
}

void Store::fire(std::string_view path, const Node& node) {
    Audience audience(authority_, accounts_);
    audience.add(node);
    watches_.changed(path, audience, told_);
}

void Store::remove_node(std::string_view path, Node& node) {
    fire(path, node);
    watches_.removed_below(path, node, authority_, told_);
    tree_.remove(node);
}

void Store::set_node_permissions(std::string_view path, Node& node, Permissions permissions) {
    // Whoever could read it, or can now.
    const SharedPermissions before = node.permissions;
    const Generation since = node.identity;
    tree_.set_permissions(node, std::move(permissions));
    Audience audience(authority_, accounts_);
    audience.add({before.get(), since});
    audience.add(node);
    watches_.changed(path, audience, told_);
}

} // namespace skerry::xenstore
