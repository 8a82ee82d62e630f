// SPDX-License-Identifier: MIT
// A bounded first-in first-out queue of bytes. What does not fit is refused, never dropped.
#pragma once

#include <cstddef>

namespace minios::backends {

template <std::size_t capacity> class ByteQueue {
    static_assert((capacity & (capacity - 1)) == 0, "positions wrap by masking");

  public:
    std::size_t size() const { return in_ - out_; }
    std::size_t room() const { return capacity - size(); }
    bool empty() const { return in_ == out_; }

    /// False: full.
    bool put(char c) {
        if (room() == 0) return false;
        bytes_[in_++ % capacity] = c;
        return true;
    }
    /// How many of `count` bytes fitted.
    std::size_t put(const char* bytes, std::size_t count) {
        std::size_t done = 0;
        while (done < count && put(bytes[done])) ++done;
        return done;
    }
    char front() const { return bytes_[out_ % capacity]; }
    void pop() { ++out_; }
    /// Copies up to `most` bytes without taking them.
    std::size_t peek(char* to, std::size_t most) const {
        const std::size_t count = size() < most ? size() : most;
        for (std::size_t i = 0; i < count; ++i) to[i] = bytes_[(out_ + i) % capacity];
        return count;
    }
    void drop(std::size_t count) { out_ += count < size() ? count : size(); }

  private:
    char bytes_[capacity];
    std::size_t in_ = 0, out_ = 0;
};

} // namespace minios::backends
