// SPDX-License-Identifier: MIT
// The driver's side of a RamTree: what open files and paths of it do.
#include "ram_tree.h"
#include "time_points.h"

#include <minios/clock.h>
#include <minios/memory.h>
#include <minios/start.h>

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace minios::libc {

namespace {

using files::OpenFile;

// --- open files -------------------------------------------------------------------------------------------------------

ssize_t read(OpenFile& file, void* to, std::size_t size) {
    const auto& node = file.as<RamNode>();
    const auto from = static_cast<std::size_t>(file.position);
    if (from >= node.content.size) return 0;
    const std::size_t count = size < node.content.size - from ? size : node.content.size - from;
    memcpy(to, node.content.data() + from, count);
    file.position += static_cast<off_t>(count);
    return static_cast<ssize_t>(count);
}

/// Room for `size` bytes, or, where memory is short, for as many of them as halving finds: then `size` is less.
int make_room(RamContent& content, std::size_t at, std::size_t& size) {
    int error = content.reserve(at + size);
    while (error == -ENOSPC && size > 1) error = content.reserve(at + (size /= 2));
    return error;
}

ssize_t write(OpenFile& file, const void* from, std::size_t size) {
    auto& node = file.as<RamNode>();
    if ((file.flags & O_APPEND) != 0) file.position = static_cast<off_t>(node.content.size);
    const auto at = static_cast<std::size_t>(file.position);
    std::size_t end;
    if (__builtin_add_overflow(at, size, &end)) return -EFBIG;
    if (const int error = make_room(node.content, at, size); error != 0) return error;
    end = at + size;
    if (end > node.content.size) node.content.clear_rest_of_page();
    memcpy(node.content.data() + at, from, size);
    if (end > node.content.size) node.content.size = end;
    node.note_change();
    file.position = static_cast<off_t>(end);
    return static_cast<ssize_t>(size);
}

off_t seek(OpenFile& file, off_t offset, int whence) {
    const off_t base = whence == SEEK_SET   ? 0
                       : whence == SEEK_CUR ? file.position
                                            : static_cast<off_t>(file.as<RamNode>().content.size);
    off_t wanted;
    if (__builtin_add_overflow(base, offset, &wanted)) return -EOVERFLOW;
    if (wanted < 0) return -EINVAL;
    return file.position = wanted;
}

int status(OpenFile& file, struct stat& status) {
    file.as<RamNode>().fill(status);
    return 0;
}

int truncate(OpenFile& file, off_t size) { return file.as<RamNode>().resize(static_cast<std::size_t>(size)); }
int synchronize(OpenFile&) { return 0; } // memory is all there is

int change_open_mode(OpenFile& file, mode_t mode) {
    auto& node = file.as<RamNode>();
    if (node.tree->read_only()) return -EROFS;
    node.mode = (node.mode & S_IFMT) | (mode & 07777);
    return 0;
}

void close(OpenFile& file) {
    auto& node = file.as<RamNode>();
    --node.opens;
    if (!node.in_use() && node.removed()) RamTree::destroy(node);
}

// --- mapped files -----------------------------------------------------------------------------------------------------

RamNode& node_of(regions::Content& content) { return *static_cast<RamContent&>(content).owner; }

int content(OpenFile& file, regions::Content*& found) {
    auto& node = file.as<RamNode>();
    if (node.content.make_mappable() != 0) return -ENOMEM;
    node.content.owner = &node;
    node.content.written = [](regions::Content& content) { node_of(content).note_change(); };
    node.content.unused = [](regions::Content& content) {
        RamNode& node = node_of(content);
        if (!node.in_use() && node.removed()) RamTree::destroy(node);
    };
    found = &node.content;
    return 0;
}

/// Written from its end: the node knows only what is above it.
int path(OpenFile& file, char* to, std::size_t size) {
    std::size_t at = size - 1;
    to[at] = 0;
    for (const RamNode* node = &file.as<RamNode>(); node != &node->tree->top(); node = node->parent) {
        if (node->removed()) return -ENOENT;
        const std::size_t length = strlen(node->name);
        if (at < length + 1) return -ENAMETOOLONG;
        at -= length;
        memcpy(to + at, node->name, length);
        if (node->parent != &node->tree->top()) to[--at] = '/';
    }
    memmove(to, to + at, size - at);
    return 0;
}

ssize_t read_directory(OpenFile&, void*, std::size_t) { return -EISDIR; }

int next_entry(OpenFile& file, files::DirectoryEntry& entry) {
    const auto& node = file.as<RamNode>();
    const auto give = [&](const RamNode& what, const char* name, off_t place) {
        entry.inode = what.inode;
        entry.type = what.mode & S_IFMT;
        strcpy(entry.name, name);
        file.position = place;
        return 1;
    };
    if (node.removed()) return 0;
    if (file.position == 0) return give(node, ".", 1);
    if (file.position == 1) return give(node.parent != nullptr ? *node.parent : node, "..", 2);
    for (const RamNode* child = node.children; child != nullptr; child = child->next)
        if (child->place > file.position) return give(*child, child->name, child->place);
    return 0;
}

/// Only to a place that an entry gave, or to the start.
off_t seek_directory(OpenFile& file, off_t offset, int whence) {
    if (whence == SEEK_CUR && offset == 0) return file.position;
    if (whence != SEEK_SET || offset < 0) return -EINVAL;
    return file.position = offset;
}

constexpr files::Operations file_operations{.kind = "file",
                                            .type = S_IFREG,
                                            .read = read,
                                            .write = write,
                                            .seek = seek,
                                            .status = status,
                                            .truncate = truncate,
                                            .synchronize = synchronize,
                                            .content = content,
                                            .close = close,
                                            .change_mode = change_open_mode,
                                            .path = path};
constexpr files::Operations directory_operations{.kind = "directory",
                                                 .type = S_IFDIR,
                                                 .read = read_directory,
                                                 .seek = seek_directory,
                                                 .status = status,
                                                 .synchronize = synchronize,
                                                 .next_entry = next_entry,
                                                 .close = close,
                                                 .change_mode = change_open_mode,
                                                 .path = path};

// --- paths ------------------------------------------------------------------------------------------------------------

RamTree& tree_of(void* context) { return *static_cast<RamTree*>(context); }

/// What a path leads to, if `flags` may open it.
int find_to_open(RamTree& tree, const char* path, int flags, RamNode*& node) {
    const bool writes = (flags & O_ACCMODE) != O_RDONLY;
    if (const int error = tree.find(path, (flags & O_NOFOLLOW) == 0, node); error != 0) return error;
    if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL)) return -EEXIST;
    if (node->is_link()) return -ELOOP;
    if ((flags & O_DIRECTORY) != 0 && !node->is_directory()) return -ENOTDIR;
    if (node->is_directory() && (writes || (flags & O_CREAT) != 0)) return -EISDIR;
    return writes && tree.read_only() ? -EROFS : 0;
}

int open(void* context, const char* path, int flags, mode_t mode, OpenFile*& file) {
    RamTree& tree = tree_of(context);
    RamNode* node = nullptr;
    bool made = false;
    int error = find_to_open(tree, path, flags, node);
    if (error == -ENOENT && (flags & O_CREAT) != 0) {
        if ((flags & O_DIRECTORY) != 0) return -EISDIR;
        error = tree.make(path, S_IFREG | (mode & 07777), node);
        if (error == -EEXIST) return -ENOENT; // a symbolic link that leads nowhere
        made = error == 0;
    }
    if (error == 0) error = open_ram_node(*node, flags, file);
    if (error != 0 && made) tree.remove(*node);
    if (error != 0 || made || (flags & O_ACCMODE) == O_RDONLY || (flags & O_TRUNC) == 0) return error;
    return node->resize(0); // which cannot fail: it is ours
}

int path_status(void* context, const char* path, bool follow, struct stat& status) {
    RamNode* node = nullptr;
    if (const int error = tree_of(context).find(path, follow, node); error != 0) return error;
    node->fill(status);
    return 0;
}

/// Finds what is to be removed, without following it.
int find_to_remove(RamTree& tree, const char* path, RamNode*& node) {
    if (const int error = tree.find(path, false, node); error != 0) return error;
    if (tree.read_only()) return -EROFS;
    return node->parent == nullptr ? -EBUSY : 0;
}

int unlink(void* context, const char* path) {
    RamNode* node = nullptr;
    if (const int error = find_to_remove(tree_of(context), path, node); error != 0) return error;
    if (node->is_directory()) return -EPERM;
    tree_of(context).remove(*node);
    return 0;
}

int remove_directory(void* context, const char* path) {
    RamNode* node = nullptr;
    if (const int error = find_to_remove(tree_of(context), path, node); error != 0) return error;
    if (!node->is_directory()) return -ENOTDIR;
    if (node->children != nullptr) return -ENOTEMPTY;
    tree_of(context).remove(*node);
    return 0;
}

int rename(void* context, const char* from, const char* to) { return tree_of(context).rename(from, to); }

int make_directory(void* context, const char* path, mode_t mode) {
    RamNode* node = nullptr;
    return tree_of(context).make(path, S_IFDIR | (mode & 07777), node);
}

int link(void* context, const char*, const char*) { return tree_of(context).read_only() ? -EROFS : -EPERM; }

int make_symbolic_link(void* context, const char* content, const char* path) {
    const std::size_t size = strlen(content);
    if (size == 0) return -ENOENT;
    RamNode* node = nullptr;
    if (const int error = tree_of(context).make(path, S_IFLNK | 0777, node); error != 0) return error;
    if (const int error = node->content.reserve(size + 1); error != 0) {
        tree_of(context).remove(*node);
        return error;
    }
    memcpy(node->content.data(), content, size + 1);
    node->content.size = size;
    return 0;
}

ssize_t read_link(void* context, const char* path, char* to, std::size_t size) {
    RamNode* node = nullptr;
    if (const int error = tree_of(context).find(path, false, node); error != 0) return error;
    if (!node->is_link()) return -EINVAL;
    const std::size_t count = size < node->content.size ? size : node->content.size;
    memcpy(to, node->content.data(), count);
    return static_cast<ssize_t>(count);
}

int find_to_change(void* context, const char* path, RamNode*& node) {
    if (const int error = tree_of(context).find(path, true, node); error != 0) return error;
    return tree_of(context).read_only() ? -EROFS : 0;
}

int change_mode(void* context, const char* path, mode_t mode) {
    RamNode* node = nullptr;
    if (const int error = find_to_change(context, path, node); error != 0) return error;
    node->mode = (node->mode & S_IFMT) | (mode & 07777);
    return 0;
}

bool can_be_set(const timespec& time) { return time.tv_nsec == UTIME_NOW || time.tv_nsec == UTIME_OMIT || valid(time); }

int set_times(void* context, const char* path, const timespec times[2]) {
    constexpr timespec both_now[2] = {{0, UTIME_NOW}, {0, UTIME_NOW}};
    if (times == nullptr) times = both_now;
    if (!can_be_set(times[0]) || !can_be_set(times[1])) return -EINVAL;
    RamNode* node = nullptr;
    if (const int error = find_to_change(context, path, node); error != 0) return error;
    const timespec before = node->modified;
    node->note_change();
    const auto chosen = [&](const timespec& wanted, const timespec& present) {
        return wanted.tv_nsec == UTIME_OMIT ? present : wanted.tv_nsec == UTIME_NOW ? node->changed : wanted;
    };
    node->accessed = chosen(times[0], node->accessed);
    node->modified = chosen(times[1], before);
    return 0;
}

/// What is free is the domain's memory.
int statistics(void* context, struct statvfs& statistics) {
    const bool read_only = tree_of(context).read_only();
    statistics.f_bsize = statistics.f_frsize = page_size;
    statistics.f_blocks = total_pages();
    statistics.f_bfree = statistics.f_bavail = read_only ? 0 : frames::free_count();
    statistics.f_files = statistics.f_ffree = statistics.f_favail = read_only ? 0 : statistics.f_bfree;
    statistics.f_flag = ST_NOSUID | (read_only ? ST_RDONLY : 0);
    statistics.f_namemax = NAME_MAX;
    return 0;
}

constexpr files::Tree tree_calls{.open = open,
                                 .status = path_status,
                                 .unlink = unlink,
                                 .rename = rename,
                                 .make_directory = make_directory,
                                 .remove_directory = remove_directory,
                                 .link = link,
                                 .make_symbolic_link = make_symbolic_link,
                                 .read_link = read_link,
                                 .change_mode = change_mode,
                                 .set_times = set_times,
                                 .statistics = statistics};

} // namespace

int open_ram_node(RamNode& node, int flags, OpenFile*& file) {
    file = files::create(node.is_directory() ? directory_operations : file_operations, &node, flags);
    if (file == nullptr) return -ENOSPC;
    ++node.opens;
    return 0;
}

int RamTree::mount(const char* where) { return files::mount(where, tree_calls, this); }

} // namespace minios::libc
