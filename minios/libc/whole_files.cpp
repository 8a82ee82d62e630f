// SPDX-License-Identifier: MIT
// Calls about a whole file or a stretch of it that only need other calls: locks, advice, room.
#include "result.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

using minios::libc::refuse;

extern "C" {

/// Files in memory have nothing behind them.
void sync() {}

/// A lock of the whole file; as record locks, there is nobody to keep away.
int flock(int descriptor, int operation) {
    const int kind = operation & ~LOCK_NB;
    if (kind != LOCK_SH && kind != LOCK_EX && kind != LOCK_UN) return refuse(EINVAL);
    return fcntl(descriptor, F_GETFD) < 0 ? -1 : 0;
}

int lockf(int descriptor, int command, off_t size) {
    struct flock lock {};
    lock.l_type = command == F_ULOCK ? F_UNLCK : F_WRLCK;
    lock.l_whence = SEEK_CUR;
    lock.l_len = size;
    if (command != F_ULOCK && command != F_LOCK && command != F_TLOCK && command != F_TEST) return refuse(EINVAL);
    return fcntl(descriptor, command == F_TEST ? F_GETLK : F_SETLK, &lock);
}

/// All of this advice is about speed.
int posix_fadvise(int descriptor, off_t, off_t size, int advice) {
    struct stat status;
    if (fstat(descriptor, &status) != 0) return errno;
    if (S_ISFIFO(status.st_mode)) return ESPIPE;
    return size < 0 || advice < POSIX_FADV_NORMAL || advice > POSIX_FADV_NOREUSE ? EINVAL : 0;
}

/// A file in memory that is long enough has been promised its memory.
int posix_fallocate(int descriptor, off_t offset, off_t size) {
    struct stat status;
    off_t end;
    if (offset < 0 || size <= 0) return EINVAL;
    if (__builtin_add_overflow(offset, size, &end)) return EFBIG;
    if (fstat(descriptor, &status) != 0) return errno;
    if (!S_ISREG(status.st_mode)) return S_ISFIFO(status.st_mode) ? ESPIPE : ENODEV;
    if ((fcntl(descriptor, F_GETFL) & O_ACCMODE) == O_RDONLY) return EBADF;
    if (end <= status.st_size) return 0;
    return ftruncate(descriptor, end) == 0 ? 0 : errno;
}

} // extern "C"
