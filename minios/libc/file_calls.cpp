// SPDX-License-Identifier: MIT
// Calls on open files: each finds the file, keeps it while the driver works, and turns -errno into errno.
#include "waiting.h"

#include <minios/files.h>

#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

using namespace minios;
using files::OpenFile;
using libc::posix_result;

namespace {

/// The file of a descriptor, kept while in scope.
class Use {
  public:
    explicit Use(int descriptor) : file_(files::find(descriptor)) {
        if (file_ != nullptr) files::keep(*file_);
    }
    ~Use() {
        if (file_ != nullptr) files::release(*file_);
    }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    explicit operator bool() const { return file_ != nullptr; }
    OpenFile& operator*() const { return *file_; }
    OpenFile* operator->() const { return file_; }

  private:
    OpenFile* file_;
};

ssize_t read_from(const Use& file, void* to, std::size_t size) {
    if (!file || !file->for_reading()) return -EBADF;
    if (file->operations.read == nullptr) return -EINVAL;
    return size != 0 ? file->operations.read(*file, to, size < PTRDIFF_MAX ? size : PTRDIFF_MAX) : 0;
}

ssize_t write_to(const Use& file, const void* from, std::size_t size) {
    if (!file || !file->for_writing()) return -EBADF;
    if (file->operations.write == nullptr) return -EINVAL;
    return size != 0 ? file->operations.write(*file, from, size < PTRDIFF_MAX ? size : PTRDIFF_MAX) : 0;
}

off_t move(const Use& file, off_t offset, int whence) {
    if (!file) return -EBADF;
    if (whence != SEEK_SET && whence != SEEK_CUR && whence != SEEK_END) return -EINVAL;
    return file->operations.seek != nullptr ? file->operations.seek(*file, offset, whence) : -ESPIPE;
}

/// Does `act` at `offset` and moves the file back to where it was.
template <class Act> ssize_t at_offset(const Use& file, off_t offset, Act act) {
    if (offset < 0) return -EINVAL;
    const off_t before = move(file, 0, SEEK_CUR);
    if (before < 0) return before;
    if (const off_t moved = move(file, offset, SEEK_SET); moved < 0) return moved;
    const ssize_t result = act();
    (void)move(file, before, SEEK_SET);
    return result;
}

int status_of(const Use& file, struct stat& status) {
    if (!file) return -EBADF;
    memset(&status, 0, sizeof status);
    status.st_mode = file->operations.type | 0600;
    status.st_nlink = 1;
    return file->operations.status != nullptr ? file->operations.status(*file, status) : 0;
}

int control(const Use& file, unsigned long request, void* argument) {
    if (!file) return -EBADF;
    if (request == FIONBIO) {
        file->flags = *static_cast<int*>(argument) != 0 ? file->flags | O_NONBLOCK : file->flags & ~O_NONBLOCK;
        return 0;
    }
    return file->operations.control != nullptr ? file->operations.control(*file, request, argument) : -ENOTTY;
}

} // namespace

extern "C" {

ssize_t read(int descriptor, void* to, std::size_t size) {
    pthread_testcancel();
    const ssize_t result = read_from(Use(descriptor), to, size);
    return libc::finish(result);
}
ssize_t write(int descriptor, const void* from, std::size_t size) {
    pthread_testcancel();
    const ssize_t result = write_to(Use(descriptor), from, size);
    return libc::finish(result);
}

ssize_t pread(int descriptor, void* to, std::size_t size, off_t offset) {
    const Use file(descriptor);
    return posix_result(at_offset(file, offset, [&] { return read_from(file, to, size); }));
}

ssize_t pwrite(int descriptor, const void* from, std::size_t size, off_t offset) {
    const Use file(descriptor);
    return posix_result(at_offset(file, offset, [&] {
        const int flags = file->flags;
        file->flags &= ~O_APPEND; // the place is the caller's to say
        const ssize_t result = write_to(file, from, size);
        file->flags |= flags & O_APPEND;
        return result;
    }));
}

off_t lseek(int descriptor, off_t offset, int whence) { return posix_result(move(Use(descriptor), offset, whence)); }
int fstat(int descriptor, struct stat* status) { return posix_result(status_of(Use(descriptor), *status)); }

int isatty(int descriptor) {
    const Use file(descriptor);
    if (!file) return libc::refuse(EBADF) + 1;
    if (file->operations.type != S_IFCHR || strcmp(file->operations.kind, "console") != 0)
        return libc::refuse(ENOTTY) + 1;
    return 1;
}

int ftruncate(int descriptor, off_t size) {
    const Use file(descriptor);
    if (!file) return libc::refuse(EBADF);
    if (!file->for_writing() || size < 0 || file->operations.truncate == nullptr) return libc::refuse(EINVAL);
    return posix_result(file->operations.truncate(*file, size));
}

int fchmod(int descriptor, mode_t mode) {
    const Use file(descriptor);
    if (!file) return libc::refuse(EBADF);
    return posix_result(file->operations.change_mode != nullptr ? file->operations.change_mode(*file, mode) : -EINVAL);
}

int fsync(int descriptor) {
    const Use file(descriptor);
    if (!file) return libc::refuse(EBADF);
    return posix_result(file->operations.synchronize != nullptr ? file->operations.synchronize(*file) : -EINVAL);
}
int fdatasync(int descriptor) { return fsync(descriptor); }

int ioctl(int descriptor, unsigned long request, ...) {
    va_list arguments;
    va_start(arguments, request);
    void* argument = va_arg(arguments, void*);
    va_end(arguments);
    return posix_result(control(Use(descriptor), request, argument));
}

} // extern "C"
