// SPDX-License-Identifier: MIT
// Devices that need no driver, and names of open files.
#include "devices.h"

#include "console_file.h"

#include <minios/files.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

namespace minios::libc {

namespace {

using files::OpenFile;

ssize_t read_nothing(OpenFile&, void*, std::size_t) { return 0; }
ssize_t read_zeros(OpenFile&, void* to, std::size_t size) {
    memset(to, 0, size);
    return static_cast<ssize_t>(size);
}
ssize_t read_noise(OpenFile&, void* to, std::size_t size) {
    const ssize_t count = getrandom(to, size, 0);
    return count >= 0 ? count : -EIO;
}
ssize_t write_away(OpenFile&, const void*, std::size_t size) { return static_cast<ssize_t>(size); }

int device_status(OpenFile& file, struct stat& status);
int next_device(OpenFile& file, files::DirectoryEntry& entry);

constexpr files::Operations device_operations(ssize_t (*read)(OpenFile&, void*, std::size_t)) {
    return {.kind = "device", .type = S_IFCHR, .read = read, .write = write_away, .status = device_status};
}

/// What a descriptor refers to, opened once more: the same open file.
int open_again(int descriptor, int flags, OpenFile*& file) {
    OpenFile* open = files::find(descriptor);
    const int access = flags & O_ACCMODE;
    if (open == nullptr) return -ENOENT;
    if ((access != O_WRONLY && !open->for_reading()) || (access != O_RDONLY && !open->for_writing())) return -EACCES;
    files::keep(*open);
    file = open;
    return 0;
}

struct Device {
    const char* name;
    files::Operations operations{};
    /// Instead of a new file with those operations.
    int (*open)(int flags, OpenFile*& file) = nullptr;
};

constexpr Device devices[] = {
    {"null", device_operations(read_nothing)},
    {"zero", device_operations(read_zeros)},
    {"random", device_operations(read_noise)},
    {"urandom", device_operations(read_noise)},
    {.name = "console", .open = open_terminal},
    {.name = "tty", .open = open_terminal},
    {.name = "stdin", .open = [](int flags, OpenFile*& file) { return open_again(STDIN_FILENO, flags, file); }},
    {.name = "stdout", .open = [](int flags, OpenFile*& file) { return open_again(STDOUT_FILENO, flags, file); }},
    {.name = "stderr", .open = [](int flags, OpenFile*& file) { return open_again(STDERR_FILENO, flags, file); }},
};
constexpr std::size_t device_count = sizeof devices / sizeof devices[0];

constexpr files::Operations top_operations{.kind = "directory",
                                           .type = S_IFDIR,
                                           .read = [](OpenFile&, void*, std::size_t) -> ssize_t { return -EISDIR; },
                                           .seek = [](OpenFile& file, off_t offset, int whence) -> off_t {
                                               if (whence == SEEK_CUR && offset == 0) return file.position;
                                               if (whence != SEEK_SET || offset < 0) return -EINVAL;
                                               return file.position = offset;
                                           },
                                           .status = device_status,
                                           .next_entry = next_device};

/// "" is the folder itself: nullptr in `device`.
int find(const char* path, const Device*& device) {
    device = nullptr;
    if (path[0] == 0) return 0;
    for (const Device& one : devices)
        if (strcmp(one.name, path) == 0) device = &one;
    return device != nullptr ? 0 : -ENOENT;
}

void fill(const Device* device, struct stat& status) {
    status.st_mode = device != nullptr ? S_IFCHR | 0666 : S_IFDIR | 0555;
    status.st_nlink = 1;
    status.st_ino = device != nullptr ? static_cast<ino_t>(device - devices + 2) : 1;
}

int device_status(OpenFile& file, struct stat& status) {
    fill(static_cast<const Device*>(file.context), status);
    return 0;
}

int next_device(OpenFile& file, files::DirectoryEntry& entry) {
    const auto place = static_cast<std::size_t>(file.position);
    if (place >= device_count + 2) return 0;
    const bool dots = place < 2;
    entry.inode = static_cast<ino_t>(dots ? 1 : place);
    entry.type = dots ? S_IFDIR : S_IFCHR;
    strcpy(entry.name, place == 0 ? "." : place == 1 ? ".." : devices[place - 2].name);
    ++file.position;
    return 1;
}

/// The descriptor that "fd/N" names, or -1.
int descriptor_of(const char* path) {
    if (strncmp(path, "fd/", 3) != 0 || path[3] < '0' || path[3] > '9' || strlen(path) > 7) return -1;
    char* end;
    const long number = strtol(path + 3, &end, 10);
    return *end == 0 ? static_cast<int>(number) : -1;
}

int open(void*, const char* path, int flags, mode_t, OpenFile*& file) {
    if (const int descriptor = descriptor_of(path); descriptor >= 0) return open_again(descriptor, flags, file);
    const Device* device = nullptr;
    const bool writes = (flags & O_ACCMODE) != O_RDONLY;
    if (const int error = find(path, device); error != 0) return (flags & O_CREAT) != 0 ? -EROFS : error;
    if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL)) return -EEXIST;
    if (device == nullptr && writes) return -EISDIR;
    if (device != nullptr && (flags & O_DIRECTORY) != 0) return -ENOTDIR;
    if (device != nullptr && device->open != nullptr) return device->open(flags, file);
    file = files::create(device != nullptr ? device->operations : top_operations, const_cast<Device*>(device), flags);
    return file != nullptr ? 0 : -ENOMEM;
}

int status(void*, const char* path, bool, struct stat& status) {
    if (const int descriptor = descriptor_of(path); descriptor >= 0)
        return fstat(descriptor, &status) == 0 ? 0 : -ENOENT;
    const Device* device = nullptr;
    if (const int error = find(path, device); error != 0) return error;
    fill(device, status);
    return 0;
}

constexpr files::Tree tree{.open = open, .status = status};

} // namespace

void mount_devices() { (void)files::mount("/dev", tree, nullptr); } // or it is the program's own

} // namespace minios::libc
