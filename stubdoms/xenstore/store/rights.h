// SPDX-License-Identifier: MIT
// Whether a domain may do something with a node, and who of all may learn that it changed.
#pragma once

#include "tree.h"

#include <vector>

namespace skerry::xenstore {

/// A node's permissions together with when they were set.
struct Rights {
    const Permissions* list = nullptr;
    Generation since = 0;
};

class Authority {
  public:
    explicit Authority(const Accounts& accounts) : accounts_(accounts) {}

    /// Domains that may do everything (Settings: control=).
    void set_privileged(std::set<DomainId> domains) { privileged_ = std::move(domains); }
    bool is_privileged(DomainId domain) const { return privileged_.contains(domain); }
    const std::set<DomainId>& privileged() const { return privileged_; }

    bool owns(DomainId domain, const Rights& rights) const;
    bool permits(DomainId domain, const Rights& rights, Access wanted) const;
    /// May it learn of a change of the node?
    bool may_learn(DomainId domain, const Node& node) const;

    /// May this domain act as `other`: is it the same, or its agent?
    bool acts_for(DomainId domain, DomainId other) const;

  private:
    const Accounts& accounts_;
    std::set<DomainId> privileged_;
};

/// Who may read a node: a few domains, or possibly everybody, each to be asked for.
class Audience {
  public:
    Audience(const Authority& authority, const Accounts& accounts) : authority_(authority), accounts_(accounts) {}
    /// Whoever may read with these rights, beside those who were added before. The list must outlive this.
    void add(const Rights& rights);
    /// Whoever may learn of a change of the node: may read it, or its parent, which lists it.
    void add(const Node& node);
    bool everybody() const { return everybody_; }
    /// Sorted, each once; meaningful if not everybody().
    const std::set<DomainId>& members() const { return members_; }
    bool includes(DomainId domain) const;

  private:
    const Authority& authority_;
    const Accounts& accounts_;
    std::vector<Rights> rights_;
    std::set<DomainId> members_;
    bool everybody_ = false;
};

} // namespace skerry::xenstore
