// SPDX-License-Identifier: MIT
// Calls about a whole file or a stretch of it that only need other calls: locks, advice, room.
#include "result.h"

#include <minios/files.h>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

using minios::libc::refuse;
namespace files = minios::files;

namespace {

bool same_file(const struct stat& one, const struct stat& other) {
    return one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

/// Has another open file of what `status` describes a lock that does not go together with one of this kind?
bool is_locked_against(const files::OpenFile& file, const struct stat& status, int kind) {
    for (int descriptor = 0; descriptor < files::most_descriptors; ++descriptor) {
        const files::OpenFile* other = files::find(descriptor);
        if (other == nullptr || other == &file || (other->lock != LOCK_EX && (other->lock == 0 || kind != LOCK_EX)))
            continue;
        struct stat its;
        if (fstat(descriptor, &its) == 0 && same_file(status, its)) return true;
    }
    return false;
}

} // namespace

extern "C" {

/// Files in memory have nothing behind them.
void sync() {}

/// A lock of the whole file, held by the open file: others that this program opened have to wait. What it held before is given up first.
int flock(int descriptor, int operation) {
    const int kind = operation & ~LOCK_NB;
    if (kind != LOCK_SH && kind != LOCK_EX && kind != LOCK_UN) return refuse(EINVAL);
    struct stat status;
    if (fstat(descriptor, &status) != 0) return -1;
    files::OpenFile& file = *files::find(descriptor);
    if (file.lock != 0) files::readiness_changed();
    file.lock = 0;
    if (kind == LOCK_UN) return 0;
    files::keep(file); // another thread may close it while this one waits
    bool is_free;
    while (!(is_free = !is_locked_against(file, status, kind)) && (operation & LOCK_NB) == 0)
        (void)files::readiness().wait();
    if (is_free) file.lock = kind;
    files::release(file);
    return is_free ? 0 : refuse(EWOULDBLOCK);
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
