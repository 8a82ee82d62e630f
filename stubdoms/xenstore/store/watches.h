// SPDX-License-Identifier: MIT
// Watches, on a tree of the paths they are set on. A change visits the points on its own path only, and at each of them
// only the domains that may read what changed; a removal visits the points below it too, whose watches all fire.
#pragma once

#include "rights.h"

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace skerry::xenstore {

struct Watch {
    std::string token;
    bool relative = false; ///< its path was given relative to the domain's home, and so are its events' paths
    int depth = -1;        ///< how many names below its path it looks; -1: all
};

struct WatchPoint : NameTree<WatchPoint> {
    std::map<DomainId, std::vector<Watch>> watches; ///< no empty lists
};

class Watches {
  public:
    /// Told for each watch that fires: whose, the path it is set on, the path of the event; both absolute or special.
    using Told = std::function<void(DomainId, const Watch&, std::string_view wpath, std::string_view epath)>;

    explicit Watches(Accounts& accounts) : accounts_(accounts) {}

    /// False: the domain has a watch with this path and token already.
    bool add(DomainId domain, std::string_view path, Watch watch);
    /// False: there is none.
    bool remove(DomainId domain, std::string_view path, std::string_view token);
    void remove_all(DomainId domain);

    /// `path` changed, or was removed by itself.
    void changed(std::string_view path, const Audience& audience, const Told& told) const;
    /// All below `path` goes away; `node` is what stands there now. Its own point is changed()'s.
    void removed_below(std::string_view path, const Node& node, const Authority& authority, const Told& told) const;
    /// "@releaseDomain" and its kind happened to a domain. Watches of depth 1 learn which.
    void special(std::string_view name, DomainId about, const Audience& audience, const Told& told) const;

    const WatchPoint& paths() const { return paths_; }
    const WatchPoint& specials() const { return specials_; }
    /// Bytes of memory, about; each name of the path may be a point of its own.
    static std::size_t cost(std::string_view path, const Watch& watch) {
        return 96 + 256 * Components(path).count() + path.size() + watch.token.size();
    }

  private:
    WatchPoint& root_of(std::string_view path) { return is_special(path) ? specials_ : paths_; }
    void prune(WatchPoint& point);

    Accounts& accounts_;
    WatchPoint paths_, specials_;
    std::map<DomainId, std::vector<WatchPoint*>> points_; ///< one entry for each watch
};

} // namespace skerry::xenstore
