// SPDX-License-Identifier: MIT
#include "archive_tree.h"

#include "cpio_reader.h"
#include "module_words.h"
#include "tar_reader.h"

#include <minios/console.h>

#include <errno.h>
#include <limits.h>
#include <string.h>

namespace minios::libc {

namespace {

/// The archive's name as a path of the tree: without "/" and "./" before it and "/" behind it. 0, or -EINVAL: its last part is no name;
/// -ENAMETOOLONG.
int path_in_tree(const char* name, char (&path)[PATH_MAX]) {
    while (name[0] == '/' || (name[0] == '.' && (name[1] == '/' || name[1] == 0))) ++name;
    std::size_t size = strlen(name);
    while (size > 0 && name[size - 1] == '/') --size;
    if (size >= sizeof path) return -ENAMETOOLONG;
    memcpy(path, name, size);
    path[size] = 0;
    const char* slash = strrchr(path, '/');
    const char* last = slash != nullptr ? slash + 1 : path;
    return strcmp(last, ".") == 0 || strcmp(last, "..") == 0 ? -EINVAL : 0;
}

/// A link's content must end in a zero, which the archive's has not.
int copy_link(RamNode& node, const ArchiveEntry& entry) {
    if (entry.size == 0 || memchr(entry.data, 0, entry.size) != nullptr) return -EINVAL;
    if (const int error = node.content.reserve(entry.size + 1); error != 0) return error;
    memcpy(node.content.data(), entry.data, entry.size);
    node.content.size = entry.size;
    return 0;
}

/// The content of the file of an earlier entry: nobody will change it, so it may have two nodes.
int share_content(RamTree& tree, RamNode& node, const ArchiveEntry& entry) {
    char path[PATH_MAX];
    RamNode* other = nullptr;
    if (const int error = path_in_tree(entry.same_as, path); error != 0) return error;
    if (const int error = tree.find(path, false, other); error != 0) return error;
    if (!S_ISREG(other->mode) || other == &node) return -EINVAL;
    node.content.show(other->content.data(), other->content.size);
    return 0;
}

int fill(RamTree& tree, RamNode& node, const ArchiveEntry& entry) {
    node.modified = node.changed = node.accessed = {entry.time, 0};
    if (node.is_link()) return copy_link(node, entry);
    if (!S_ISREG(entry.mode)) return 0;
    if (entry.same_as != nullptr) return share_content(tree, node, entry);
    node.content.show(entry.data, entry.size);
    return 0;
}

int add(RamTree& tree, const ArchiveEntry& entry) {
    if (entry.error != 0) return entry.error;
    if (!S_ISREG(entry.mode) && !S_ISDIR(entry.mode) && !S_ISLNK(entry.mode)) return -EOPNOTSUPP;
    char path[PATH_MAX];
    if (const int error = path_in_tree(entry.name, path); error != 0) return error;
    if (path[0] == 0 || strcmp(path, module_words_name) == 0) return 0; // the top is there; words are no file
    RamNode* node = nullptr;
    const int error = tree.make(path, entry.mode, node);
    if (error == -EEXIST && S_ISDIR(entry.mode)) return 0;
    if (error != 0) return error;
    const int filled = fill(tree, *node, entry);
    if (filled != 0) tree.remove(*node);
    return filled;
}

template <class Reader> void add_all(RamTree& tree, Reader&& reader) {
    for (ArchiveEntry entry; reader.next(entry);)
        if (const int error = add(tree, entry); error != 0)
            print("libc: archive: %s: %s\n", entry.name, strerror(-error));
    if (reader.broken()) print("libc: archive: it ends or breaks before its last entry\n");
}

} // namespace

bool is_archive(const Module& module) {
    return module.contiguous &&
           (CpioReader::recognizes(module.data, module.size) || TarReader::recognizes(module.data, module.size));
}

RamTree* tree_of_archive(const Module& module) {
    RamTree* tree = RamTree::create();
    if (tree == nullptr) return nullptr;
    if (CpioReader::recognizes(module.data, module.size))
        add_all(*tree, CpioReader(module.data, module.size));
    else
        add_all(*tree, TarReader(module.data, module.size));
    tree->make_read_only();
    return tree;
}

} // namespace minios::libc
