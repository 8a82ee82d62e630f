// SPDX-License-Identifier: MIT
// What a store is, as simply as it can be said: a map from paths to values and permissions, searched from end to end.
// Knows neither transactions nor quotas.
#pragma once

#include "clients.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace skerry::xenstore::test {

struct Operation {
    std::uint32_t type;
    std::string path;    ///< absolute
    std::string payload; ///< value, or permissions
};

class ReferenceModel {
  public:
    struct Entry {
        std::string value;
        Permissions permissions;
    };
    struct Watched {
        DomainId domain;
        std::string path, token;
    };
    std::map<std::string, Entry> nodes{{"/", {"", {{0, Access::none}}}}};
    std::vector<Watched> watches;
    std::map<DomainId, std::set<Event>> events;
    std::set<std::string> changed; ///< paths

    /// "!" and the error, or the answer's payload.
    std::string perform(DomainId domain, const Operation& operation);

    static bool is_below(const std::string& path, const std::string& top) {
        return path == top || top == "/" || path.starts_with(top + "/");
    }
    static std::string parent_of(const std::string& path) {
        const std::size_t slash = path.rfind('/');
        return slash == 0 ? "/" : path.substr(0, slash);
    }
    const std::string nearest(std::string path) const {
        while (!nodes.contains(path)) path = parent_of(path);
        return path;
    }

  private:
    static bool permits(DomainId domain, const Permissions& list, Access wanted) {
        if (domain == 0 || domain == list[0].domain) return true;
        for (std::size_t i = 1; i < list.size(); ++i)
            if (list[i].domain == domain) return includes(list[i].access, wanted);
        return includes(list[0].access, wanted);
    }
    /// Who may read something, or its parent, may learn that it changed.
    bool may_learn(DomainId domain, const std::string& path) const {
        return permits(domain, nodes.at(path).permissions, Access::read) ||
               (path != "/" && permits(domain, nodes.at(parent_of(path)).permissions, Access::read));
    }
    void fire(const std::string& path, const Permissions* before = nullptr);
    std::string put(DomainId domain, const std::string& path, const std::string* value);
    std::string remove(DomainId domain, const std::string& path);
    std::string allow(DomainId domain, const std::string& path, const std::string& words);
};

inline void ReferenceModel::fire(const std::string& path, const Permissions* before) {
    changed.insert(path);
    for (const Watched& watch : watches)
        if (is_below(path, watch.path) &&
            (may_learn(watch.domain, path) || (before != nullptr && permits(watch.domain, *before, Access::read))))
            events[watch.domain].insert({path, watch.token});
}

inline std::string ReferenceModel::put(DomainId domain, const std::string& path, const std::string* value) {
    const std::string last = nearest(path);
    if (!permits(domain, nodes[last].permissions, Access::write)) return "!EACCES";
    if (last == path && value == nullptr) return words({"OK"});
    Permissions permissions = nodes[last].permissions;
    if (domain != 0) permissions[0].domain = domain;
    for (std::string at = path; at != last; at = parent_of(at)) {
        nodes[at] = {"", permissions};
        changed.insert(at);
    }
    if (value != nullptr) nodes[path].value = *value;
    fire(path);
    return words({"OK"});
}

inline std::string ReferenceModel::remove(DomainId domain, const std::string& path) {
    const std::string last = nearest(path);
    if (!permits(domain, nodes[last].permissions, Access::write)) return "!EACCES";
    if (last != path) return last == parent_of(path) ? words({"OK"}) : "!ENOENT";
    fire(path);
    for (const Watched& watch : watches)
        if (watch.path != path && is_below(watch.path, path) &&
            (nodes.contains(watch.path) ? may_learn(watch.domain, watch.path)
                                        : permits(watch.domain, nodes[nearest(watch.path)].permissions, Access::read)))
            events[watch.domain].insert({watch.path, watch.token});
    std::erase_if(nodes, [&](const auto& node) { return is_below(node.first, path); });
    return words({"OK"});
}

inline std::string ReferenceModel::allow(DomainId domain, const std::string& path, const std::string& text) {
    const std::string last = nearest(path);
    if (!permits(domain, nodes[last].permissions, Access::write)) return "!EACCES";
    if (last != path) return "!ENOENT";
    Entry& entry = nodes[path];
    if (domain != 0 && domain != entry.permissions[0].domain) return "!EACCES";
    Permissions permissions;
    Words list(text);
    while (const auto word = list.next())
        permissions.push_back(
            {static_cast<DomainId>((*word)[1] - '0'), static_cast<Access>(std::string_view("nrwb").find((*word)[0]))});
    if (domain != 0 && permissions[0].domain != domain) return "!EPERM";
    std::swap(entry.permissions, permissions);
    fire(path, &permissions);
    return words({"OK"});
}

inline std::string ReferenceModel::perform(DomainId domain, const Operation& operation) {
    const std::string& path = operation.path;
    switch (operation.type) {
    case XS_WRITE: return put(domain, path, &operation.payload);
    case XS_MKDIR: return put(domain, path, nullptr);
    case XS_RM: return remove(domain, path);
    case XS_SET_PERMS: return allow(domain, path, operation.payload);
    default: break;
    }
    const std::string last = nearest(path);
    if (!permits(domain, nodes[last].permissions, Access::read)) return "!EACCES";
    if (last != path) return "!ENOENT";
    if (operation.type == XS_READ) return nodes[path].value;
    std::string answer;
    if (operation.type == XS_GET_PERMS)
        answer = text_of(nodes[path].permissions);
    else
        for (const auto& [other, entry] : nodes)
            if (other != "/" && parent_of(other) == path) answer += words({other.substr(other.rfind('/') + 1)});
    return answer;
}

} // namespace skerry::xenstore::test
