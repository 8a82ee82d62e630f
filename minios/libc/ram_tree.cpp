// SPDX-License-Identifier: MIT
#include "ram_tree.h"

#include <minios/clock.h>
#include <minios/memory.h>

#include <errno.h>
#include <limits.h>
#include <string.h>

namespace minios::libc {

namespace {

constexpr unsigned most_links = 8; // POSIX: _POSIX_SYMLOOP_MAX

timespec wall_time() {
    const std::uint64_t now = clock::wall_ns();
    return {static_cast<time_t>(now / 1'000'000'000), static_cast<long>(now % 1'000'000'000)};
}

RamNode* child_of(const RamNode& directory, const char* name, std::size_t size) {
    for (RamNode* node = directory.children; node != nullptr; node = node->next)
        if (strncmp(node->name, name, size) == 0 && node->name[size] == 0) return node;
    return nullptr;
}

bool is(const char* part, std::size_t size, const char* name) {
    return size == strlen(name) && memcmp(part, name, size) == 0;
}

char* copy_of(const char* name) {
    const std::size_t size = strlen(name) + 1;
    auto* copy = static_cast<char*>(heap::allocate(size));
    if (copy != nullptr) memcpy(copy, name, size);
    return copy;
}

ino_t next_inode() {
    static ino_t last;
    return ++last;
}

} // namespace

// --- nodes ------------------------------------------------------------------------------------------------------------

bool RamNode::removed() const { return parent == nullptr && this != &tree->top(); }

int RamNode::resize(std::size_t wanted) {
    if (const int error = content.resize(wanted); error != 0) return error;
    note_change();
    return 0;
}

void RamNode::note_change() { modified = changed = wall_time(); }

void RamNode::fill(struct stat& status) const {
    constexpr std::size_t block = 512; // POSIX leaves the unit open; everybody has this
    status.st_ino = inode;
    status.st_mode = mode;
    status.st_nlink = removed() ? 0 : is_directory() ? 2 : 1;
    status.st_size = static_cast<off_t>(content.size);
    status.st_blksize = page_size;
    status.st_blocks = static_cast<blkcnt_t>((content.size + block - 1) / block);
    status.st_atim = accessed;
    status.st_mtim = modified;
    status.st_ctim = changed;
}

// --- the tree ---------------------------------------------------------------------------------------------------------

RamTree* RamTree::create() {
    auto* tree = heap::make<RamTree>();
    if (tree == nullptr) return nullptr;
    static char no_name[] = "";
    tree->top_.tree = tree;
    tree->top_.name = no_name;
    tree->top_.inode = next_inode();
    tree->top_.mode = S_IFDIR | 0755;
    tree->top_.note_change();
    tree->top_.accessed = tree->top_.modified;
    return tree;
}

int RamTree::walk(RamNode& from, const char* path, bool follow, unsigned& links_left, RamNode*& found) {
    RamNode* node = &from;
    while (*path != 0) {
        const std::size_t size = strcspn(path, "/");
        const char* part = path;
        path += size + (path[size] == '/');
        if (!node->is_directory()) return -ENOTDIR;
        if (size > NAME_MAX) return -ENAMETOOLONG;
        if (size == 0 || is(part, size, ".")) continue;
        if (is(part, size, "..")) {
            if (node->parent != nullptr) node = node->parent;
            continue;
        }
        RamNode* child = child_of(*node, part, size);
        if (child == nullptr) return -ENOENT;
        if (child->is_link() && (follow || *path != 0)) {
            if (links_left-- == 0) return -ELOOP;
            RamNode& start = child->content.data()[0] == '/' ? top_ : *node;
            if (const int error = walk(start, child->content.data(), true, links_left, child); error != 0) return error;
        }
        node = child;
    }
    found = node;
    return 0;
}

int RamTree::find(const char* path, bool follow, RamNode*& found) {
    unsigned links_left = most_links;
    return walk(top_, path, follow, links_left, found);
}

int RamTree::find_spot(const char* path, Spot& spot) {
    const char* slash = strrchr(path, '/');
    spot.directory = &top_;
    spot.name = slash != nullptr ? slash + 1 : path;
    if (strlen(spot.name) > NAME_MAX) return -ENAMETOOLONG;
    if (slash == nullptr) return 0;
    char directory[PATH_MAX];
    const auto size = static_cast<std::size_t>(slash - path);
    if (size >= sizeof directory) return -ENAMETOOLONG;
    memcpy(directory, path, size);
    directory[size] = 0;
    if (const int error = find(directory, true, spot.directory); error != 0) return error;
    return spot.directory->is_directory() ? 0 : -ENOTDIR;
}

void RamTree::insert(RamNode& directory, RamNode& node) {
    static off_t last_place = 2; // "." and ".." come first
    node.place = ++last_place;
    node.parent = &directory;
    node.next = nullptr;
    RamNode** end = &directory.children;
    while (*end != nullptr) end = &(*end)->next;
    *end = &node;
    directory.note_change();
}

void RamTree::take_out(RamNode& node) {
    RamNode** link = &node.parent->children;
    while (*link != &node) link = &(*link)->next;
    *link = node.next;
    node.parent->note_change();
    node.parent = nullptr;
}

int RamTree::make(const char* path, mode_t mode, RamNode*& made) {
    Spot spot{};
    if (const int error = find_spot(path, spot); error != 0) return error;
    if (spot.name[0] == 0 || child_of(*spot.directory, spot.name, strlen(spot.name)) != nullptr) return -EEXIST;
    if (read_only_) return -EROFS;
    auto* node = heap::make<RamNode>();
    if (node == nullptr) return -ENOSPC;
    node->name = copy_of(spot.name);
    if (node->name == nullptr) {
        heap::destroy(node);
        return -ENOSPC;
    }
    node->tree = this;
    node->mode = mode;
    node->inode = next_inode();
    node->note_change();
    node->accessed = node->modified;
    insert(*spot.directory, *node);
    made = node;
    return 0;
}

void RamTree::destroy(RamNode& node) {
    heap::release(node.name);
    node.content.give_back();
    heap::destroy(&node);
}

void RamTree::remove(RamNode& node) {
    take_out(node);
    node.changed = wall_time();
    if (!node.in_use()) destroy(node);
}

int RamTree::rename(const char* from, const char* to) {
    RamNode* node = nullptr;
    Spot spot{};
    if (const int error = find(from, false, node); error != 0) return error;
    if (const int error = find_spot(to, spot); error != 0) return error;
    if (read_only_) return -EROFS;
    if (node == &top_ || spot.name[0] == 0) return -EBUSY;
    for (const RamNode* above = spot.directory; above != nullptr; above = above->parent)
        if (above == node) return -EINVAL; // below itself
    RamNode* there = child_of(*spot.directory, spot.name, strlen(spot.name));
    if (there == node) return 0;
    if (there != nullptr) {
        if (there->is_directory() && !node->is_directory()) return -EISDIR;
        if (!there->is_directory() && node->is_directory()) return -ENOTDIR;
        if (there->children != nullptr) return -ENOTEMPTY;
    }
    char* name = copy_of(spot.name);
    if (name == nullptr) return -ENOSPC;
    if (there != nullptr) remove(*there);
    take_out(*node);
    heap::release(node->name);
    node->name = name;
    node->changed = wall_time();
    insert(*spot.directory, *node);
    return 0;
}

} // namespace minios::libc
