// SPDX-License-Identifier: MIT
#include "archive_tree.h"

#include "archive_reader.h"
#include "module_words.h"

#include <minios/console.h>
#include <minios/memory.h>

#include <errno.h>
#include <string.h>

namespace minios::libc {

namespace {

/// The archive's name as a path of the tree.
const char* path_in_tree(const char* name) {
    while (name[0] == '/' || (name[0] == '.' && (name[1] == '/' || name[1] == 0))) ++name;
    return name;
}

/// A link's content must end in a zero, which the archive's has not.
int copy_link(RamNode& node, const ArchiveEntry& entry) {
    if (entry.size == 0 || memchr(entry.data, 0, entry.size) != nullptr) return -EINVAL;
    if (const int error = node.reserve(entry.size + 1); error != 0) return error;
    memcpy(node.data, entry.data, entry.size);
    node.size = entry.size;
    return 0;
}

int add(RamTree& tree, const ArchiveEntry& entry) {
    const char* path = path_in_tree(entry.name);
    if (path[0] == 0 || strcmp(path, module_words_name) == 0) return 0; // the top is there; words are no file
    if (S_ISREG(entry.mode) && entry.links > 1 && entry.size == 0)
        return -EMLINK; // its content stands with the last of the links
    RamNode* node = nullptr;
    const int error = tree.make(path, entry.mode, node);
    if (error == -EEXIST && S_ISDIR(entry.mode)) return 0;
    if (error != 0) return error;
    node->modified = node->changed = node->accessed = {entry.time, 0};
    if (node->is_link()) {
        if (const int copied = copy_link(*node, entry); copied != 0) {
            tree.remove(*node);
            return copied;
        }
    } else if (S_ISREG(entry.mode)) {
        node->data = const_cast<char*>(entry.data); // capacity 0: nobody changes it
        node->size = entry.size;
    }
    return 0;
}

} // namespace

bool is_archive(const Module& module) {
    return module.contiguous && ArchiveReader::begins_well(reinterpret_cast<const char*>(module.data), module.size);
}

RamTree* tree_of_archive(const Module& module) {
    RamTree* tree = RamTree::create();
    if (tree == nullptr) return nullptr;
    ArchiveReader archive(reinterpret_cast<const char*>(module.data), module.size);
    for (ArchiveEntry entry; archive.next(entry);)
        if (const int error = add(*tree, entry); error != 0)
            print("libc: archive: %s: %s\n", entry.name, strerror(-error));
    if (archive.broken()) print("libc: archive: it ends or breaks before its last entry\n");
    tree->make_read_only();
    return tree;
}

} // namespace minios::libc
