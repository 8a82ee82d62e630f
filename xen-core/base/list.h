// SPDX-License-Identifier: MIT
// An intrusive doubly linked list: no allocation, removal in constant time, an element knows whether it is linked.
#pragma once

#include "base/types.h"

namespace skerry {

// Derive from ListNode<Tag> once per list that an object can be on.
template <typename Tag> struct ListNode : NonCopyable {
    ListNode* next = nullptr;
    ListNode* previous = nullptr;
    bool is_linked() const { return next != nullptr; }
};

template <typename T, typename Tag> class List : NonCopyable {
    using Node = ListNode<Tag>;

  public:
    List() { head_.next = head_.previous = &head_; }

    bool is_empty() const { return head_.next == &head_; }
    T* first() { return element(head_.next); }
    T* last() { return element(head_.previous); }
    T* after(T& item) { return element(static_cast<Node&>(item).next); }
    T* before(T& item) { return element(static_cast<Node&>(item).previous); }
    void push_back(T& item) { insert_before(head_, item); }
    void insert_before_item(T& position, T& item) { insert_before(static_cast<Node&>(position), item); }
    T* pop_front() {
        T* item = first();
        if (item) remove(*item);
        return item;
    }
    void remove(T& item) {
        Node& node = item;
        node.previous->next = node.next;
        node.next->previous = node.previous;
        node.next = node.previous = nullptr;
    }

  private:
    T* element(Node* node) { return node == &head_ ? nullptr : static_cast<T*>(node); }
    void insert_before(Node& position, Node& node) {
        node.next = &position;
        node.previous = position.previous;
        position.previous->next = &node; // NOLINT(clang-analyzer-core.NullDereference): a ring has no end
        position.previous = &node;
    }

    Node head_;
};

} // namespace skerry
