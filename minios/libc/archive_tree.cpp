// SPDX-License-Identifier: MIT
#include "archive_tree.h"

#include <minios/console.h>
#include <minios/memory.h>

#include <errno.h>
#include <string.h>

namespace minios::libc {

namespace {

constexpr char magic[] = "070701", magic_with_sums[] = "070702"; // cpio(5), "New ASCII Format"; sums are not looked at
constexpr std::size_t header_size = 110;
constexpr char end_name[] = "TRAILER!!!";

/// What stands in the header: eight hexadecimal digits each, after the magic.
enum Field : unsigned { field_mode = 1, field_links = 4, field_time = 5, field_size = 6, field_name_size = 11 };

struct Entry {
    mode_t mode;
    std::size_t links;
    time_t time;
    const char* name; ///< ends in a zero
    const char* data;
    std::size_t size;
};

/// Reads entries one after the other and never beyond the module.
class Archive {
  public:
    explicit Archive(const Module& module) : bytes_(reinterpret_cast<const char*>(module.data)), size_(module.size) {}

    /// False: the end, or something that is no entry; then broken() says which.
    bool next(Entry& entry) {
        std::size_t mode, links, time, data_size, name_size;
        if (size_ - at_ < header_size || !starts_well() || !field(field_mode, mode) || !field(field_links, links) ||
            !field(field_time, time) || !field(field_size, data_size) || !field(field_name_size, name_size))
            return false;
        const std::size_t name = at_ + header_size, data = padded(name + name_size);
        if (name_size == 0 || data > size_ || data_size > size_ - data || bytes_[name + name_size - 1] != 0)
            return false;
        entry = {static_cast<mode_t>(mode), links, static_cast<time_t>(time), bytes_ + name, bytes_ + data, data_size};
        const std::size_t after = padded(data + data_size);
        at_ = after < size_ ? after : size_;
        whole_ = strcmp(entry.name, end_name) == 0;
        return !whole_;
    }
    bool broken() const { return !whole_; }

  private:
    static std::size_t padded(std::size_t offset) { return (offset + 3) & ~std::size_t{3}; }
    bool starts_well() const {
        return memcmp(bytes_ + at_, magic, 6) == 0 || memcmp(bytes_ + at_, magic_with_sums, 6) == 0;
    }
    bool field(Field which, std::size_t& value) const {
        const char* digits = bytes_ + at_ + 6 + 8 * which;
        value = 0;
        for (int i = 0; i < 8; ++i) {
            const char c = digits[i];
            const int digit = c >= '0' && c <= '9'                 ? c - '0'
                              : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
                                                                   : -1;
            if (digit < 0) return false;
            value = value * 16 + static_cast<std::size_t>(digit);
        }
        return true;
    }

    const char* bytes_;
    std::size_t size_;
    std::size_t at_ = 0;
    bool whole_ = false;
};

/// The archive's name as a path of the tree.
const char* path_in_tree(const char* name) {
    while (name[0] == '/' || (name[0] == '.' && (name[1] == '/' || name[1] == 0))) ++name;
    return name;
}

/// A link's content must end in a zero, which the archive's has not.
int copy_link(RamNode& node, const Entry& entry) {
    if (entry.size == 0 || memchr(entry.data, 0, entry.size) != nullptr) return -EINVAL;
    if (const int error = node.content.reserve(entry.size + 1); error != 0) return error;
    memcpy(node.content.data(), entry.data, entry.size);
    node.content.size = entry.size;
    return 0;
}

int add(RamTree& tree, const Entry& entry) {
    const char* path = path_in_tree(entry.name);
    if (path[0] == 0) return 0; // the top is there
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
        node->content.show(entry.data, entry.size);
    }
    return 0;
}

} // namespace

bool is_archive(const Module& module) {
    return module.size >= header_size && module.contiguous &&
           (memcmp(module.data, magic, 6) == 0 || memcmp(module.data, magic_with_sums, 6) == 0);
}

RamTree* tree_of_archive(const Module& module) {
    RamTree* tree = RamTree::create();
    if (tree == nullptr) return nullptr;
    Archive archive(module);
    for (Entry entry; archive.next(entry);)
        if (const int error = add(*tree, entry); error != 0)
            print("libc: archive: %s: %s\n", entry.name, strerror(-error));
    if (archive.broken()) print("libc: archive: it ends or breaks before its last entry\n");
    tree->make_read_only();
    return tree;
}

} // namespace minios::libc
