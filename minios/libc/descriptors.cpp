// SPDX-License-Identifier: MIT
// The descriptor table and the calls that only need it.
#include "result.h"

#include <minios/files.h>
#include <minios/memory.h>

#include <stdarg.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace minios::files {

namespace {

struct Descriptor {
    OpenFile* file;
    bool close_on_exec; ///< kept for fcntl; nothing is ever executed
};

constexpr int first_descriptors = 16;
Descriptor first_table[first_descriptors];
Descriptor* table = first_table;
int table_size = first_descriptors;
WaitQueue readiness_waiters;

bool enlarge() {
    if (table_size >= most_descriptors) return false;
    const std::size_t old = static_cast<std::size_t>(table_size) * sizeof(Descriptor);
    auto* larger = static_cast<Descriptor*>(heap::allocate_zeroed(old * 4));
    if (larger == nullptr) return false;
    __builtin_memcpy(larger, table, old);
    if (table != first_table) heap::release(table);
    table = larger;
    table_size *= 4;
    return true;
}

} // namespace

OpenFile* create(const Operations& operations, void* context, int flags) {
    void* memory = heap::allocate(sizeof(OpenFile));
    return memory != nullptr ? new (memory) OpenFile(operations, context, flags) : nullptr;
}

void keep(OpenFile& file) { ++file.references; }

void release(OpenFile& file) {
    if (--file.references != 0) return;
    if (file.lock != 0) readiness_changed(); // somebody may wait for it
    if (file.operations.close != nullptr) file.operations.close(file);
    heap::destroy(&file);
}

int find_free(int lowest) {
    for (int at = lowest;; ++at) {
        while (at >= table_size)
            if (!enlarge()) return -EMFILE;
        if (table[at].file == nullptr) return at;
    }
}

int install(OpenFile& file, int lowest, bool close_on_exec) {
    const int at = find_free(lowest);
    if (at >= 0) table[at] = {&file, close_on_exec};
    return at;
}

OpenFile* find(int descriptor) { return descriptor >= 0 && descriptor < table_size ? table[descriptor].file : nullptr; }

void readiness_changed() { readiness_waiters.wake_all(); }
WaitQueue& readiness() { return readiness_waiters; }

namespace {

int take_out(int descriptor) {
    OpenFile* file = find(descriptor);
    if (file == nullptr) return -EBADF;
    table[descriptor].file = nullptr;
    release(*file);
    return 0;
}

int duplicate(int descriptor, int lowest, bool close_on_exec = false) {
    OpenFile* file = find(descriptor);
    if (file == nullptr) return -EBADF;
    if (lowest < 0 || lowest >= most_descriptors) return -EINVAL;
    const int copy = install(*file, lowest, close_on_exec);
    if (copy >= 0) keep(*file);
    return copy;
}

int duplicate_to(int descriptor, int wanted, bool close_on_exec = false) {
    OpenFile* file = find(descriptor);
    if (file == nullptr || wanted < 0 || wanted >= most_descriptors) return -EBADF;
    if (descriptor == wanted) return wanted;
    keep(*file); // should closing `wanted` switch threads
    if (find(wanted) != nullptr) (void)take_out(wanted);
    const int copy = install(*file, wanted, close_on_exec);
    if (copy != wanted) {
        release(*file);
        if (copy >= 0) table[copy].file = nullptr;
        return copy < 0 ? copy : -EBUSY;
    }
    return wanted;
}

/// Record locks are between processes, and there is one: what it asks for, it has. Checked as if others might ask.
int record_lock(const OpenFile& file, int command, struct flock* lock) {
    if (lock == nullptr) return -EFAULT;
    if (file.operations.seek == nullptr) return -EINVAL;
    if (lock->l_whence != SEEK_SET && lock->l_whence != SEEK_CUR && lock->l_whence != SEEK_END) return -EINVAL;
    decltype(lock->l_start) end;
    const bool fits = !__builtin_add_overflow(lock->l_start, lock->l_len, &end) && end >= 0;
    if (lock->l_whence == SEEK_SET && (lock->l_start < 0 || !fits)) return -EINVAL;
    switch (lock->l_type) {
    case F_RDLCK:
        if (command != F_GETLK && !file.for_reading()) return -EBADF;
        break;
    case F_WRLCK:
        if (command != F_GETLK && !file.for_writing()) return -EBADF;
        break;
    case F_UNLCK: break;
    default: return -EINVAL;
    }
    if (command == F_GETLK) lock->l_type = F_UNLCK;
    return 0;
}

int control(int descriptor, int command, long argument) {
    constexpr int changeable = O_APPEND | O_NONBLOCK;
    constexpr int for_opening = O_CREAT | O_EXCL | O_TRUNC | O_NOCTTY | O_CLOEXEC | O_NOFOLLOW | O_DIRECTORY;
    OpenFile* file = find(descriptor);
    if (file == nullptr) return -EBADF;
    switch (command) {
    case F_DUPFD: return duplicate(descriptor, static_cast<int>(argument));
    case F_DUPFD_CLOEXEC: return duplicate(descriptor, static_cast<int>(argument), true);
    case F_GETFD: return table[descriptor].close_on_exec ? FD_CLOEXEC : 0;
    case F_SETFD: table[descriptor].close_on_exec = (argument & FD_CLOEXEC) != 0; return 0;
    case F_GETFL: return file->flags & ~for_opening;
    case F_SETFL: file->flags = (file->flags & ~changeable) | (static_cast<int>(argument) & changeable); return 0;
    case F_GETLK:
    case F_SETLK:
    case F_SETLKW: return record_lock(*file, command, reinterpret_cast<struct flock*>(argument));
    default: return -EINVAL;
    }
}

} // namespace
} // namespace minios::files

using namespace minios;
using libc::posix_result;

extern "C" {

int close(int descriptor) { return posix_result(files::take_out(descriptor)); }
int dup(int descriptor) { return posix_result(files::duplicate(descriptor, 0)); }
int dup2(int descriptor, int wanted) { return posix_result(files::duplicate_to(descriptor, wanted)); }

int dup3(int descriptor, int wanted, int flags) {
    if (descriptor == wanted || (flags & ~O_CLOEXEC) != 0) return libc::refuse(EINVAL);
    return posix_result(files::duplicate_to(descriptor, wanted, flags != 0));
}

int fcntl(int descriptor, int command, ...) {
    va_list arguments;
    va_start(arguments, command);
    const long argument = va_arg(arguments, long);
    va_end(arguments);
    return posix_result(files::control(descriptor, command, argument));
}

int getdtablesize() { return files::most_descriptors; }

} // extern "C"
