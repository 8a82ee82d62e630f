// SPDX-License-Identifier: MIT
// A pointer that owns one reference to what it points to, and gives it back by the member function `drop` at the end of
// its life. Move-only; assigning exchanges the two.
#pragma once

#include <utility>

namespace skerry {

template <typename T, void (T::*drop)()> class Owned {
  public:
    Owned() = default;
    Owned(Owned&& other) : object_(std::exchange(other.object_, nullptr)) {}
    Owned& operator=(Owned&& other) {
        std::swap(object_, other.object_);
        return *this;
    }
    ~Owned() {
        if (object_) (object_->*drop)();
    }
    // Takes over a reference that is counted already.
    static Owned adopt(T& object) { return Owned(&object); }
    // Lets the caller keep the books. The counterpart of adopt().
    T& release() { return *std::exchange(object_, nullptr); }

    explicit operator bool() const { return object_; }
    T& operator*() const { return *object_; }
    T* operator->() const { return object_; }

  private:
    explicit Owned(T* object) : object_(object) {}
    T* object_ = nullptr;
};

} // namespace skerry
