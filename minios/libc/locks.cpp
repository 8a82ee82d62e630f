// SPDX-License-Identifier: MIT
// newlib's own locks (stdio, atexit, environment, ...), as mutexes.
#include "mutex_word.h"
#include "thread_block.h"

#include <minios/memory.h>

#include <sys/lock.h>

using minios::libc::MutexWord;
using minios::libc::this_thread;

struct __lock {
    std::uint32_t word;
};

namespace {

constexpr std::uint32_t recursive = MutexWord::initial(MutexWord::Type::recursive);
constexpr std::uint32_t simple = MutexWord::initial(MutexWord::Type::by_default);

/// For locks that there is no memory for, which newlib cannot be told: mostly of a stream that cannot be opened for the same reason. Should all
/// be in use, two streams share one.
constexpr unsigned spare_count = 16;
__lock spares[spare_count] = {};
unsigned next_spare;

bool is_spare(_LOCK_T lock) { return lock >= spares && lock < spares + spare_count; }

_LOCK_T make(std::uint32_t word) {
    auto* lock = minios::heap::make<__lock>();
    if (lock == nullptr) {
        lock = &spares[next_spare++ % spare_count];
        if (!MutexWord(lock->word).locked()) lock->word = recursive;
        return lock;
    }
    lock->word = word;
    return lock;
}

void forget(_LOCK_T lock) {
    if (!is_spare(lock)) minios::heap::release(lock);
}

// A thread that holds one is not cancelled: nobody would give the lock back.
int taken(int error) {
    if (error == 0) ++this_thread().library_locks;
    return error;
}
void given_back(int error) {
    if (error == 0) --this_thread().library_locks;
}

} // namespace

extern "C" {

struct __lock __lock___sinit_recursive_mutex {
    recursive
}, __lock___sfp_recursive_mutex{recursive}, __lock___atexit_recursive_mutex{recursive},
    __lock___at_quick_exit_mutex{simple}, __lock___malloc_recursive_mutex{recursive},
    __lock___env_recursive_mutex{recursive}, __lock___tz_mutex{simple}, __lock___dd_hash_mutex{simple},
    __lock___arc4random_mutex{simple};

void __retarget_lock_init(_LOCK_T* lock) { *lock = make(simple); }
void __retarget_lock_init_recursive(_LOCK_T* lock) { *lock = make(recursive); }
void __retarget_lock_close(_LOCK_T lock) { forget(lock); }
void __retarget_lock_close_recursive(_LOCK_T lock) { forget(lock); }
void __retarget_lock_acquire(_LOCK_T lock) { (void)taken(MutexWord(lock->word).lock()); }
void __retarget_lock_acquire_recursive(_LOCK_T lock) { (void)taken(MutexWord(lock->word).lock()); }
int __retarget_lock_try_acquire(_LOCK_T lock) { return taken(MutexWord(lock->word).try_lock()); }
int __retarget_lock_try_acquire_recursive(_LOCK_T lock) { return taken(MutexWord(lock->word).try_lock()); }
void __retarget_lock_release(_LOCK_T lock) { given_back(MutexWord(lock->word).unlock()); }
void __retarget_lock_release_recursive(_LOCK_T lock) { given_back(MutexWord(lock->word).unlock()); }

} // extern "C"
