// SPDX-License-Identifier: MIT
// opendir() and its kind, over open files that have next_entry.
#include "result.h"

#include <minios/files.h>
#include <minios/memory.h>

#include <dirent.h>
#include <stdlib.h>
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

/// What scandir() gives: copies that the program frees one by one.
struct Entries {
    struct dirent** list = nullptr;
    int count = 0, capacity = 0;

    /// 0 or ENOMEM.
    int add(const struct dirent& entry) {
        if (count == capacity) {
            const int larger = capacity == 0 ? 16 : capacity * 2;
            void* memory = realloc(list, static_cast<std::size_t>(larger) * sizeof *list);
            if (memory == nullptr) return ENOMEM;
            list = static_cast<struct dirent**>(memory);
            capacity = larger;
        }
        auto* copy = static_cast<struct dirent*>(malloc(sizeof entry));
        if (copy == nullptr) return ENOMEM;
        *copy = entry;
        list[count++] = copy;
        return 0;
    }
    void free_all() {
        while (count > 0) free(list[--count]);
        free(list);
    }
};

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

int readdir_r(DIR* __restrict directory, struct dirent* __restrict entry, struct dirent** __restrict result) {
    const int found = next(*directory);
    if (found == 1) *entry = directory->entry;
    *result = found == 1 ? entry : nullptr;
    return found < 0 ? -found : 0;
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

int alphasort(const struct dirent** a, const struct dirent** b) { return strcoll((*a)->d_name, (*b)->d_name); }

int scandir(const char* path, struct dirent*** list, int (*wanted)(const struct dirent*),
            int (*compare)(const struct dirent**, const struct dirent**)) {
    DIR* directory = opendir(path);
    if (directory == nullptr) return -1;
    Entries entries;
    int error = 0;
    while (error == 0) {
        const int found = next(*directory);
        if (found <= 0) {
            error = -found;
            break;
        }
        if (wanted == nullptr || wanted(&directory->entry) != 0) error = entries.add(directory->entry);
    }
    closedir(directory);
    if (error != 0) {
        entries.free_all();
        return libc::refuse(error);
    }
    if (compare != nullptr && entries.count != 0)
        qsort(entries.list, static_cast<std::size_t>(entries.count), sizeof *entries.list,
              reinterpret_cast<int (*)(const void*, const void*)>(compare));
    *list = entries.list;
    return entries.count;
}

} // extern "C"
