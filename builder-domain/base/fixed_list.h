// SPDX-License-Identifier: MIT
// A list with room for `capacity` elements; push says when it is full.
#pragma once

#include <array>
#include <cstddef>
#include <span>

namespace skerry::builder {

template <typename T, size_t capacity> class FixedList {
  public:
    [[nodiscard]] bool push(const T& element) {
        if (count_ == capacity) return false;
        elements_[count_++] = element;
        return true;
    }
    void clear() { count_ = 0; }
    void pop() { --count_; }

    size_t size() const { return count_; }
    bool empty() const { return count_ == 0; }
    static constexpr size_t room() { return capacity; }
    T& operator[](size_t index) { return elements_[index]; }
    const T& operator[](size_t index) const { return elements_[index]; }
    T& back() { return elements_[count_ - 1]; }
    T* begin() { return elements_.data(); }
    T* end() { return elements_.data() + count_; }
    const T* begin() const { return elements_.data(); }
    const T* end() const { return elements_.data() + count_; }
    operator std::span<const T>() const { return {begin(), count_}; }

  private:
    std::array<T, capacity> elements_;
    size_t count_ = 0;
};

} // namespace skerry::builder
