// SPDX-License-Identifier: MIT
// A tree whose branches have names: what nodes, watch points and a transaction's changes have in common. A path may be
// 1,500 names deep and the stack is small, so nothing here recurses; every walk goes by way of the parent links.
// Children are sorted: a step costs as many comparisons as their number has binary digits, whoever chose the names.
#pragma once

#include "path.h"

#include <iterator>
#include <map>
#include <memory>

namespace skerry::xenstore {

template <class T> class NameTree {
  public:
    using Children = std::map<std::string, std::unique_ptr<T>, std::less<>>;

    NameTree() = default;
    NameTree(const NameTree&) = delete;
    NameTree& operator=(const NameTree&) = delete;
    ~NameTree() {
        remove_below([](T&) {});
    }

    T* parent() const { return parent_; }
    /// Empty at the root.
    std::string_view name() const { return parent_ != nullptr ? std::string_view(place_->first) : std::string_view(); }
    const Children& children() const { return children_; }

    T* child(std::string_view name) const {
        const auto found = children_.find(name);
        return found != children_.end() ? found->second.get() : nullptr;
    }
    T& add_child(std::string_view name) {
        // A snapshot's nodes come in order.
        const bool last = !children_.empty() && children_.rbegin()->first < name;
        const auto next = last ? children_.end() : children_.lower_bound(name);
        if (next != children_.end() && next->first == name) return *next->second;
        const auto place = children_.emplace_hint(next, std::string(name), std::make_unique<T>());
        NameTree& made = *place->second;
        made.parent_ = static_cast<T*>(this);
        made.place_ = place;
        return *place->second;
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
        if (!children_.empty()) return children_.begin()->second.get();
        for (const NameTree* at = this; at != &top; at = at->parent_) {
            const auto sibling = std::next(at->place_);
            if (sibling != static_cast<const NameTree*>(at->parent_)->children_.end()) return sibling->second.get();
        }
        return nullptr;
    }

    /// Removes everything below, children before their parents; `leaving` sees each just before.
    template <class F> void remove_below(F leaving) {
        NameTree* at = this;
        for (;;) {
            while (!at->children_.empty()) at = at->children_.begin()->second.get();
            if (at == this) return;
            T& leaf = *static_cast<T*>(at);
            at = at->parent_;
            leaving(leaf);
            at->children_.erase(at->children_.begin());
        }
    }

  private:
    T* parent_ = nullptr;
    typename Children::iterator place_{}; ///< among the parent's children
    Children children_;
};

} // namespace skerry::xenstore
