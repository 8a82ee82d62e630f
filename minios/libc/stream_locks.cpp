// SPDX-License-Identifier: MIT
// flockfile and its kind: the lock that newlib itself takes in each call on a stream. It may be taken again by its owner.
#include <stdio.h>
#include <sys/lock.h>

extern "C" {

void flockfile(FILE* stream) { __retarget_lock_acquire_recursive(stream->_lock); }
int ftrylockfile(FILE* stream) { return __retarget_lock_try_acquire_recursive(stream->_lock) == 0 ? 0 : 1; }
void funlockfile(FILE* stream) { __retarget_lock_release_recursive(stream->_lock); }

} // extern "C"
