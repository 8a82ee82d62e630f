// SPDX-License-Identifier: MIT
#include "watches.h"

#include <algorithm>

namespace skerry::xenstore {

namespace {

/// The path a watch point stands for.
std::string path_of(const WatchPoint& point, bool special) {
    std::string path = point.path();
    return special ? path.substr(1) : path;
}

/// Calls `visit(domain, watches)` for everybody of the audience at this point.
template <class F> void for_audience(const WatchPoint& point, const Audience& audience, F visit) {
    if (point.watches.empty()) return;
    if (audience.everybody()) {
        for (const auto& [domain, watches] : point.watches)
            if (audience.includes(domain)) visit(domain, watches);
        return;
    }
    for (const DomainId domain : audience.members()) {
        const auto found = point.watches.find(domain);
        if (found != point.watches.end() && audience.includes(domain)) visit(domain, found->second);
    }
}

} // namespace

bool Watches::add(DomainId domain, std::string_view path, Watch watch) {
    WatchPoint& point = root_of(path).make(path);
    auto& list = point.watches[domain];
    for (const Watch& other : list)
        if (other.token == watch.token) return false;
    accounts_.charge(domain, cost(path, watch));
    list.push_back(std::move(watch));
    points_[domain].push_back(&point);
    return true;
}

bool Watches::remove(DomainId domain, std::string_view path, std::string_view token) {
    WatchPoint* point = root_of(path).find(path);
    if (point == nullptr) return false;
    const auto list = point->watches.find(domain);
    if (list == point->watches.end()) return false;
    const auto watch = std::find_if(list->second.begin(), list->second.end(),
                                    [&](const Watch& other) { return other.token == token; });
    if (watch == list->second.end()) return false;
    accounts_.refund(domain, cost(path, *watch));
    list->second.erase(watch);
    if (list->second.empty()) point->watches.erase(list);
    auto& points = points_[domain];
    points.erase(std::find(points.begin(), points.end(), point));
    if (points.empty()) points_.erase(domain);
    prune(*point);
    return true;
}

void Watches::remove_all(DomainId domain) {
    const auto mine = points_.find(domain);
    if (mine == points_.end()) return;
    std::vector<WatchPoint*> points = std::move(mine->second);
    points_.erase(mine);
    std::sort(points.begin(), points.end());
    points.erase(std::unique(points.begin(), points.end()), points.end());
    // By their paths, as pruning one may free another.
    std::vector<std::string> paths;
    for (WatchPoint* point : points) {
        const WatchPoint* top = point;
        while (top->parent() != nullptr) top = top->parent();
        paths.push_back(path_of(*point, top == &specials_));
        for (const Watch& watch : point->watches[domain]) accounts_.refund(domain, cost(paths.back(), watch));
        point->watches.erase(domain);
    }
    for (const std::string& path : paths)
        if (WatchPoint* point = root_of(path).find(path); point != nullptr) prune(*point);
}

/// Removes the point if nothing is left in or below it, and so on upwards.
void Watches::prune(WatchPoint& point) {
    WatchPoint* at = &point;
    while (at->parent() != nullptr && at->watches.empty() && at->children().empty()) {
        WatchPoint* parent = at->parent();
        parent->remove_child(*at);
        at = parent;
    }
}

void Watches::changed(std::string_view path, const Audience& audience, const Told& told) const {
    const WatchPoint* at = &paths_;
    auto names = Components(path);
    int below = static_cast<int>(names.count());
    std::size_t length = 0; // of the path to `at`
    auto name = names.begin();
    for (;;) {
        for_audience(*at, audience, [&](DomainId domain, const std::vector<Watch>& watches) {
            for (const Watch& watch : watches)
                if (watch.depth < 0 || below <= watch.depth)
                    told(domain, watch, length == 0 ? "/" : path.substr(0, length), path);
        });
        if (!(name != names.end()) || (at = at->child(*name)) == nullptr) return;
        length += 1 + (*name).size();
        --below;
        ++name;
    }
}

void Watches::removed_below(std::string_view path, const Node& node, const Authority& authority,
                            const Told& told) const {
    const WatchPoint* top = paths_.find(path);
    if (top == nullptr) return;
    std::vector<const Node*> nodes{&node}; // along the way from `top`; nullptr where there is none
    std::size_t depth = 0;
    const WatchPoint* before = top;
    for (const WatchPoint* at = top->next_in(*top); at != nullptr; at = at->next_in(*top)) {
        // The walk went one down, or up by some and to a sibling.
        if (at->parent() == before) {
            ++depth;
        } else {
            for (const WatchPoint* up = before; up->parent() != at->parent(); up = up->parent()) --depth;
        }
        before = at;
        nodes.resize(depth);
        nodes.push_back(nodes.back() != nullptr ? nodes.back()->child(at->name()) : nullptr);
        if (at->watches.empty()) continue;
        const Node* here = nodes.back();
        const auto nearest = std::find_if(nodes.rbegin(), nodes.rend(), [](const Node* n) { return n != nullptr; });
        const Rights rights{(*nearest)->permissions.get(), (*nearest)->identity};
        const std::string wpath = at->path();
        for (const auto& [domain, watches] : at->watches) {
            if (!(here != nullptr ? authority.may_learn(domain, *here)
                                  : authority.permits(domain, rights, Access::read)))
                continue;
            for (const Watch& watch : watches) told(domain, watch, wpath, wpath);
        }
    }
}

void Watches::special(std::string_view name, DomainId about, const Audience& audience, const Told& told) const {
    const WatchPoint* point = specials_.find(name);
    if (point == nullptr) return;
    const std::string exact = std::string(name) + "/" + std::to_string(about);
    for_audience(*point, audience, [&](DomainId domain, const std::vector<Watch>& watches) {
        for (const Watch& watch : watches) told(domain, watch, name, watch.depth > 0 ? std::string_view(exact) : name);
    });
    if (const WatchPoint* one = specials_.find(exact); one != nullptr)
        for_audience(*one, audience, [&](DomainId domain, const std::vector<Watch>& watches) {
            for (const Watch& watch : watches) told(domain, watch, exact, exact);
        });
}

} // namespace skerry::xenstore
