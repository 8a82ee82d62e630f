// SPDX-License-Identifier: MIT
#include "mutex_word.h"

#include "parking.h"

#include <errno.h>

namespace minios::libc {

int MutexWord::lock_again() {
    if (type() != Type::recursive) return EDEADLK;
    if (depth() == depth_mask) return EAGAIN;
    word_ += 1u << depth_shift;
    return 0;
}

int MutexWord::lock_slowly(std::uint32_t& word, std::uint64_t deadline_ns) {
    MutexWord mutex(word);
    mutex.first_use();
    const pthread_t self = this_thread().id;
    if (mutex.owner() == 0) {
        mutex.set_owner(self);
        return 0;
    }
    if (mutex.owner() == self && mutex.type() != Type::standard) return mutex.lock_again();
    word |= waiting;
    return -park(&word, deadline_ns); // woken as its owner
}

int MutexWord::try_lock() {
    first_use();
    const pthread_t self = this_thread().id;
    if (owner() == self && type() == Type::recursive) return lock_again();
    if (owner() != 0) return EBUSY;
    set_owner(self);
    return 0;
}

int MutexWord::unlock_slowly(std::uint32_t& word) {
    MutexWord mutex(word);
    if (word == unused || mutex.owner() != this_thread().id) return EPERM;
    if (mutex.depth() != 0) {
        word -= 1u << depth_shift;
        return 0;
    }
    mutex.set_owner(unpark_one(&word));
    if (!parked(&word)) word &= ~waiting;
    return 0;
}

} // namespace minios::libc
