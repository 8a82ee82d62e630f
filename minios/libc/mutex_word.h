// SPDX-License-Identifier: MIT
// A mutex in 32 bits, which is what newlib's pthread_mutex_t is: 2 bits of type, 14 bits of further locks by the owner,
// 15 bits of the owner's id (0: free), and the highest bit when somebody may wait. All ones, the static initializer, is
// a free mutex of the default type. Waiters park at its address; unlocking hands it to the one who waits longest.
#pragma once

#include "thread_block.h"

#include <cstdint>

namespace minios::libc {

class MutexWord {
  public:
    enum class Type : std::uint32_t { standard = 0, recursive = 1, error_check = 2, by_default = 3 };

    explicit MutexWord(std::uint32_t& word) : word_(word) {}
    static constexpr std::uint32_t initial(Type type) { return static_cast<std::uint32_t>(type) << type_shift; }

    /// 0; EDEADLK: it is the caller's already, and not recursive (a mutex of standard type waits for ever then);
    /// EAGAIN: locked too often; ETIMEDOUT: system time `deadline_ns` (0: never) passed.
    int lock(std::uint64_t deadline_ns = 0) {
        const std::uint32_t self = this_thread().id;
        if (owner() == 0)
            word_ |= self;
        else if (owner() == self && type() == Type::recursive && depth() != depth_mask)
            word_ += 1u << depth_shift;
        else
            return lock_slowly(word_, deadline_ns);
        return 0;
    }
    /// As lock(), but EBUSY instead of waiting.
    int try_lock();
    /// 0, or EPERM when it is not the caller's.
    int unlock() {
        const std::uint32_t self = this_thread().id;
        if ((word_ & ~type_mask) == self) // once, and nobody waits
            word_ -= self;
        else if (owner() == self && type() == Type::recursive && depth() != 0)
            word_ -= 1u << depth_shift;
        else
            return unlock_slowly(word_);
        return 0;
    }
    bool locked() const { return word_ != unused && owner() != 0; }

  private:
    static constexpr std::uint32_t unused = 0xffffffff, owner_mask = 0x7fff, depth_mask = 0x3fff, type_mask = 3u << 29,
                                   waiting = 1u << 31;
    static constexpr unsigned depth_shift = 15, type_shift = 29;
    std::uint32_t owner() const { return word_ & owner_mask; }
    std::uint32_t depth() const { return word_ >> depth_shift & depth_mask; }
    Type type() const { return static_cast<Type>(word_ >> type_shift & 3); }
    void set_owner(std::uint32_t owner) { word_ = (word_ & ~owner_mask) | owner; }
    void first_use() {
        if (word_ == unused) word_ = initial(Type::by_default);
    }
    // Not on an object, whose address would then be taken: a function that does that has a stack protector.
    static int lock_slowly(std::uint32_t& word, std::uint64_t deadline_ns);
    static int unlock_slowly(std::uint32_t& word);
    int lock_again();

    std::uint32_t& word_;
};

} // namespace minios::libc
