// SPDX-License-Identifier: MIT
// A tree whose branches have names: what nodes, watch points and a transaction's changes have in common. A path may be
// 1,500 names deep and the stack is small, so nothing here recurses; every walk goes by way of the parent links.
// Children are sorted: a step costs as many comparisons as their number has binary digits, whoever chose the names.
// A T may leave its children elsewhere until they are first asked for: it then has a come() of its own, which adds them.
#pragma once

#include "cells.h"
#include "path.h"

#include <iterator>
#include <map>
#include <tuple>
#include <utility>

namespace skerry::xenstore {

template <class T> class NameTree {
  public:
    /// By value: one allocation for each. (T is not complete yet; the map's own layout does not depend on it.)
    using Children = std::map<std::string, T, std::less<>, Cells<std::pair<const std::string, T>>>;

    NameTree() = default;
    NameTree(const NameTree&) = delete;
    NameTree& operator=(const NameTree&) = delete;
    ~NameTree() {
        remove_below([](T&) {}, false);
    }
    void come() const {}

    T* parent() const { return parent_; }
    /// Empty at the root.
    std::string_view name() const { return parent_ != nullptr ? std::string_view(place_->first) : std::string_view(); }
    const Children& children() const {
        self().come();
        return children_;
    }

    T* child(std::string_view name) const {
        self().come();
        const auto found = children_.find(name);
        return found != children_.end() ? const_cast<T*>(&found->second) : nullptr;
    }
    /// It may be there already.
    T& add_child(std::string_view name) {
        self().come();
        const auto next = children_.lower_bound(name);
        return next != children_.end() && next->first == name ? next->second : add_child_before(next, name);
    }
    /// Quicker, if its name comes after those of all others. nullptr: there is one of that name.
    T* add_last_child(std::string_view name) {
        const std::size_t before = children_.size();
        T& child = add_child_before(children_.end(), name);
        return children_.size() != before ? &child : nullptr;
    }
    /// The child must have no children left.
    void remove_child(T& child) { children_.erase(static_cast<NameTree&>(child).place_); }

    /// The node at the end of `path` from here; nullptr when a name on the way is missing.
    T* find(std::string_view path) const {
        const NameTree* at = this;
        for (const auto name : Components(path))
            if ((at = at->child(name)) == nullptr) return nullptr;
        return const_cast<T*>(static_cast<const T*>(at));
    }
    /// As find(), adding what is missing.
    T& make(std::string_view path) {
        NameTree* at = this;
        for (const auto name : Components(path)) at = &at->add_child(name);
        return *static_cast<T*>(at);
    }

    /// "/a/b"; "/" for the root.
    std::string path() const {
        std::size_t length = 0;
        for (const NameTree* at = this; at->parent_ != nullptr; at = at->parent_) length += at->name().size() + 1;
        if (length == 0) return "/";
        std::string text(length, '/');
        for (const NameTree* at = this; at->parent_ != nullptr; at = at->parent_) {
            length -= at->name().size();
            at->name().copy(text.data() + length, at->name().size());
            --length;
        }
        return text;
    }

    /// The next node of a walk over `top` and all below it, parents first, siblings in order; nullptr at the end.
    T* next_in(const T& top) const {
        self().come();
        return children_.empty() ? next_behind(top) : const_cast<T*>(&children_.begin()->second);
    }
    /// The same without what is below this.
    T* next_behind(const T& top) const {
        for (const NameTree* at = this; at != &top; at = at->parent_) {
            const auto sibling = std::next(at->place_);
            if (sibling != static_cast<NameTree*>(at->parent_)->children_.end()) return &sibling->second;
        }
        return nullptr;
    }

    /// Removes everything below, children before their parents; `leaving` sees each just before. `all`: what has yet to
    /// come too.
    template <class F> void remove_below(F leaving, bool all = true) {
        NameTree* at = this;
        for (;;) {
            if (all) at->self().come();
            if (!at->children_.empty()) {
                at = &at->children_.begin()->second;
                continue;
            }
            if (at == this) return;
            T& leaf = *static_cast<T*>(at);
            at = at->parent_;
            leaving(leaf);
            at->children_.erase(at->children_.begin());
        }
    }

  private:
    const T& self() const { return static_cast<const T&>(*this); }
    T& add_child_before(typename Children::iterator next, std::string_view name) {
        const auto place =
            children_.emplace_hint(next, std::piecewise_construct, std::forward_as_tuple(name), std::tuple<>());
        NameTree& made = place->second;
        made.parent_ = static_cast<T*>(this);
        made.place_ = place;
        return place->second;
    }

    T* parent_ = nullptr;
    typename Children::iterator place_{}; ///< among the parent's children
    Children children_;
};

} // namespace skerry::xenstore
