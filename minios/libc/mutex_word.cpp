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

int MutexWord::lock_slowly(std::uint64_t deadline_ns) {
    first_use();
    const pthread_t self = this_thread().id;
    if (owner() == 0) {
        set_owner(self);
        return 0;
    }
    if (owner() == self && type() != Type::standard) return lock_again();
    word_ |= waiting;
    return -park(&word_, deadline_ns); // woken as its owner
}

int MutexWord::try_lock() {
    first_use();
    const pthread_t self = this_thread().id;
    if (owner() == self && type() == Type::recursive) return lock_again();
    if (owner() != 0) return EBUSY;
    set_owner(self);
    return 0;
}

int MutexWord::unlock_slowly() {
    if (word_ == unused || owner() != this_thread().id) return EPERM;
    if (depth() != 0) {
        word_ -= 1u << depth_shift;
        return 0;
    }
    set_owner(unpark_one(&word_));
    if (!parked(&word_)) word_ &= ~waiting;
    return 0;
}

} // namespace minios::libc
