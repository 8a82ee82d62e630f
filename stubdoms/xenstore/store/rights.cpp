// SPDX-License-Identifier: MIT
#include "rights.h"

namespace skerry::xenstore {

namespace {

Rights rights_of(const Node& node) { return {node.permissions.get(), node.identity}; }

/// A node that has what it inherited has no reader less than its parent, from whose time on it has it.
bool has_other_readers_above(const Node& node) {
    const Node* parent = node.parent();
    return parent != nullptr && (parent->permissions != node.permissions || parent->identity > node.identity);
}

} // namespace

bool Authority::acts_for(DomainId domain, DomainId other) const {
    if (domain == other) return true;
    const Account* account = accounts_.find(domain);
    return account != nullptr && account->target == other;
}

bool Authority::owns(DomainId domain, const Rights& rights) const {
    const DomainId owner = rights.list->front().domain;
    return is_privileged(domain) || (acts_for(domain, owner) && rights.since >= accounts_.released(owner));
}

bool Authority::permits(DomainId domain, const Rights& rights, Access wanted) const {
    if (owns(domain, rights)) return true;
    for (std::size_t i = 1; i < rights.list->size(); ++i) {
        const Permission& entry = (*rights.list)[i];
        if (acts_for(domain, entry.domain) && rights.since >= accounts_.released(entry.domain))
            return skerry::xenstore::includes(entry.access, wanted);
    }
    return skerry::xenstore::includes(rights.list->front().access, wanted);
}

bool Authority::may_learn(DomainId domain, const Node& node) const {
    return permits(domain, rights_of(node), Access::read) ||
           (has_other_readers_above(node) && permits(domain, rights_of(*node.parent()), Access::read));
}

void Audience::add(const Rights& rights) {
    if (rights_.empty()) members_ = authority_.privileged();
    rights_.push_back(rights);
    everybody_ |= skerry::xenstore::includes(rights.list->front().access, Access::read);
    for (const Permission& entry : *rights.list) {
        members_.insert(entry.domain);
        if (const Account* account = accounts_.find(entry.domain); account != nullptr)
            members_.insert(account->agents.begin(), account->agents.end());
    }
}

void Audience::add(const Node& node) {
    add(rights_of(node));
    if (has_other_readers_above(node)) add(rights_of(*node.parent()));
}

bool Audience::includes(DomainId domain) const {
    for (const Rights& rights : rights_)
        if (authority_.permits(domain, rights, Access::read)) return true;
    return false;
}

} // namespace skerry::xenstore
