// SPDX-License-Identifier: MIT
// opendir() and its kind, over open files that have next_entry.
#include "result.h"

#include <minios/files.h>
#include <minios/memory.h>

#include <dirent.h>
#include <string.h>
#include <unistd.h>

using namespace minios;

struct skerry_directory {
    int descriptor;
    files::DirectoryEntry found;
    struct dirent entry;
};

namespace {

int next(DIR& directory) {
    files::OpenFile* file = files::find(directory.descriptor);
    if (file == nullptr) return -EBADF;
    if (file->operations.next_entry == nullptr) return -ENOTDIR;
    const int result = file->operations.next_entry(*file, directory.found);
    if (result <= 0) return result;
    directory.entry.d_ino = directory.found.inode;
    directory.entry.d_off = file->position;
    directory.entry.d_type = static_cast<unsigned char>((directory.found.type & S_IFMT) >> 12); // as DT_* are numbered
    static_assert(sizeof directory.entry.d_name == sizeof directory.found.name);
    strcpy(directory.entry.d_name, directory.found.name);
    return 1;
}

} // namespace

extern "C" {

DIR* fdopendir(int descriptor) {
    const files::OpenFile* file = files::find(descriptor);
    const int error = file == nullptr ? EBADF : file->operations.next_entry == nullptr ? ENOTDIR : 0;
    auto* directory = error == 0 ? heap::make<DIR>() : nullptr;
    if (directory == nullptr)
        errno = error != 0 ? error : ENOMEM;
    else
        directory->descriptor = descriptor;
    return directory;
}

DIR* opendir(const char* path) {
    const int descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return nullptr;
    DIR* directory = fdopendir(descriptor);
    if (directory == nullptr) {
        const int error = errno;
        close(descriptor);
        errno = error;
    }
    return directory;
}

struct dirent* readdir(DIR* directory) {
    const int result = next(*directory);
    if (result < 0) errno = -result;
    return result == 1 ? &directory->entry : nullptr;
}

int closedir(DIR* directory) {
    const int descriptor = directory->descriptor;
    heap::destroy(directory);
    return close(descriptor);
}

int dirfd(DIR* directory) { return directory->descriptor; }
void rewinddir(DIR* directory) { (void)lseek(directory->descriptor, 0, SEEK_SET); }
long telldir(DIR* directory) { return lseek(directory->descriptor, 0, SEEK_CUR); }
void seekdir(DIR* directory, long place) { (void)lseek(directory->descriptor, place, SEEK_SET); }

} // extern "C"
