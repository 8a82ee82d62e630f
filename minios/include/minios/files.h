// SPDX-License-Identifier: MIT
// Open files, descriptors and mounted trees: where drivers plug into the C library. For programs with a C library only.
//
// An OpenFile is what descriptors refer to (POSIX: open file description): dup() makes two descriptors share one. A
// driver fills an Operations once for each kind of file and makes OpenFiles with files::create. A Tree answers for
// paths below the place where it was mounted.
//
// All operations return 0 or a positive result, or -errno with the C library's numbers; they never set errno. They run
// on the calling thread and may block it, unless the file's flags have O_NONBLOCK: then -EAGAIN. Other threads may use
// the same file meanwhile. The C library holds a reference during each operation, so close() comes last, exactly once.
#pragma once

#include <minios/regions.h>
#include <minios/threads.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>

struct statvfs;

namespace minios::files {

class OpenFile;

/// The events of poll(), as poll.h numbers them.
enum Readiness : short { readable = 0x1, writable = 0x2, failed = 0x4, hung_up = 0x200 };

struct Operations {
    /// For messages, and for what isatty() and fstat() say of a file without `status`: S_IFCHR, S_IFIFO, S_IFSOCK,
    /// S_IFREG.
    const char* kind;
    mode_t type;
    /// Up to `size` bytes (> 0) from where the file stands; 0 is the end. Called only when opened for reading. Absent:
    /// -EINVAL.
    ssize_t (*read)(OpenFile& file, void* to, std::size_t size) = nullptr;
    /// As read(); may take fewer bytes than offered, but never 0. Absent: -EINVAL.
    ssize_t (*write)(OpenFile& file, const void* from, std::size_t size) = nullptr;
    /// Moves where the file stands (whence: SEEK_*); the new place. Absent: -ESPIPE.
    off_t (*seek)(OpenFile& file, off_t offset, int whence) = nullptr;
    /// Fills what it knows of a zeroed structure. Absent: type and permissions only.
    int (*status)(OpenFile& file, struct stat& status) = nullptr;
    /// ioctl(). Absent: -ENOTTY.
    int (*control)(OpenFile& file, unsigned long request, void* argument) = nullptr;
    /// ftruncate(). Absent: -EINVAL.
    int (*truncate)(OpenFile& file, off_t size) = nullptr;
    /// fsync(). Absent: -EINVAL.
    int (*synchronize)(OpenFile& file) = nullptr;
    /// Which Readiness bits hold now, without blocking. Absent: always readable and writable. When the answer changes,
    /// the driver calls readiness_changed().
    short (*ready)(OpenFile& file) = nullptr;
    /// The next entry of a directory, for readdir(): 1 and the entry, or 0 at the end. Absent: -ENOTDIR.
    int (*next_entry)(OpenFile& file, struct DirectoryEntry& entry) = nullptr;
    /// What mmap() shows of it, and keeps as long as regions show it (minios/regions.h). Absent: -ENODEV.
    int (*content)(OpenFile& file, regions::Content*& content) = nullptr;
    /// The last reference is gone: gives `context` back. May be absent.
    void (*close)(OpenFile& file) = nullptr;
    /// fchmod(); the permissions alone. Absent: -EINVAL.
    int (*change_mode)(OpenFile& file, mode_t mode) = nullptr;
    /// Of what a tree's open() makes: where the file is now, as the tree's paths are written; 0, -ENOENT (removed) or -ENAMETOOLONG. Absent: paths
    /// cannot begin at this directory (openat() and its kind), and futimens() and its kind fail.
    int (*path)(OpenFile& file, char* to, std::size_t size) = nullptr;
};

struct DirectoryEntry {
    ino_t inode;
    mode_t type; ///< S_IF*
    char name[256];
};

class OpenFile {
  public:
    OpenFile(const Operations& operations, void* context, int flags)
        : operations(operations), context(context), flags(flags) {}
    bool nonblocking() const { return (flags & O_NONBLOCK) != 0; }
    bool for_reading() const { return (flags & O_ACCMODE) != O_WRONLY; }
    bool for_writing() const { return (flags & O_ACCMODE) != O_RDONLY; }
    /// The driver's own, if a template parameter is easier to read than a cast.
    template <class T> T& as() const { return *static_cast<T*>(context); }

    const Operations& operations;
    void* const context;              ///< the driver's
    int flags;                        ///< O_*; fcntl(F_SETFL) changes O_APPEND and O_NONBLOCK
    off_t position = 0;               ///< for the driver's use
    const char* mounted_at = nullptr; ///< where the tree that made it is mounted; set by the C library
    int lock = 0;                     ///< LOCK_SH or LOCK_EX, which flock() gave it; it goes with the file
    unsigned references = 1;
};

inline constexpr int most_descriptors = 1024;

/// A file with one reference; nullptr: no memory (and `context` is still the caller's).
OpenFile* create(const Operations& operations, void* context, int flags);
void keep(OpenFile& file);
void release(OpenFile& file);

/// The lowest free descriptor from `lowest` on, which install() would take now; -EMFILE: there is none.
int find_free(int lowest = 0);
/// Gives the reference to the lowest free descriptor from `lowest` on; -EMFILE: the reference is still the caller's.
int install(OpenFile& file, int lowest = 0, bool close_on_exec = false);
/// The file of a descriptor, or nullptr. Not kept.
OpenFile* find(int descriptor);

/// Some file's readiness changed: poll() and select() look again.
void readiness_changed();
/// Where poll() and select() wait for that.
WaitQueue& readiness();

/// What answers for a part of the name space. `path` has no leading, trailing or doubled '/', no "." and no ".."; the
/// tree's own top is "". An absent function means -EROFS if it would change something, else -ENOSYS.
struct Tree {
    /// `flags`: O_*. On success `file` is a new file with one reference, or one that was open before with one more.
    int (*open)(void* context, const char* path, int flags, mode_t mode, OpenFile*& file) = nullptr;
    /// stat(), or lstat() when not `follow`.
    int (*status)(void* context, const char* path, bool follow, struct stat& status) = nullptr;
    int (*unlink)(void* context, const char* path) = nullptr;
    int (*rename)(void* context, const char* from, const char* to) = nullptr;
    int (*make_directory)(void* context, const char* path, mode_t mode) = nullptr;
    int (*remove_directory)(void* context, const char* path) = nullptr;
    int (*link)(void* context, const char* from, const char* to) = nullptr;
    int (*make_symbolic_link)(void* context, const char* content, const char* path) = nullptr;
    ssize_t (*read_link)(void* context, const char* path, char* to, std::size_t size) = nullptr;
    int (*change_mode)(void* context, const char* path, mode_t mode) = nullptr;
    int (*set_times)(void* context, const char* path, const struct timespec times[2]) = nullptr;
    /// statvfs(), of the whole tree. Absent: -ENOSYS.
    int (*statistics)(void* context, struct statvfs& statistics) = nullptr;
};

/// Puts a tree at `where` ("/" or "/a/b", at most 63 characters); the longest matching place answers. Both stay as they
/// are for ever. -EBUSY: something is there already; -ENOSPC: too many.
int mount(const char* where, const Tree& tree, void* context);

} // namespace minios::files
