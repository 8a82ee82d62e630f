// SPDX-License-Identifier: MIT
// A tree of files in memory. A hole in a file costs nothing; a read-only tree's files stay where
// they are (archive_tree.h). A directory is a list in the order of creation: meant for hundreds of entries.
//
// Permissions are kept, not enforced: there are no users. There are no hard links. A symbolic link leads within its tree, and
// an absolute one starts at the tree's own top.
#pragma once

#include "ram_content.h"

#include <minios/files.h>

#include <time.h>

namespace minios::libc {

class RamTree;

/// A file, a directory or a symbolic link. It lives until it is in no directory and nobody has it open or
/// mapped.
struct RamNode {
    RamTree* tree = nullptr;
    char* name = nullptr;      ///< "" for the tree's top
    RamNode* parent = nullptr; ///< nullptr: the top, or removed
    RamNode* next = nullptr;   ///< in the parent, by ascending place
    off_t place = 0;           ///< where readdir() is after this entry: grows with every entry ever made
    ino_t inode = 0;
    mode_t mode = 0;
    unsigned opens = 0;
    timespec accessed{}, modified{}, changed{};

    RamNode* children = nullptr; ///< of a directory
    RamContent content;          ///< of a file or a symbolic link

    bool is_directory() const { return S_ISDIR(mode); }
    bool is_link() const { return S_ISLNK(mode); }
    bool removed() const;

    /// Makes the file longer (by zeros) or shorter; -ENOSPC, -EROFS.
    int resize(std::size_t wanted);
    /// Somebody has it open or mapped.
    bool in_use() const { return opens != 0 || content.regions != 0; }
    void note_change();
    void fill(struct stat& status) const;
};

class RamTree {
  public:
    /// nullptr: no memory. Lives for ever.
    static RamTree* create();
    /// Puts it at `where`, as files::mount().
    int mount(const char* where);
    void make_read_only() { read_only_ = true; }
    bool read_only() const { return read_only_; }

    /// The node of a path, in `found`; or -ENOENT, -ENOTDIR, -ELOOP, -ENAMETOOLONG. `follow`: also the last part.
    int find(const char* path, bool follow, RamNode*& found);
    /// Makes a node of type and permissions `mode`, with nothing in it. Also -EEXIST, -EROFS, -ENOSPC.
    int make(const char* path, mode_t mode, RamNode*& made);
    /// Takes a node out of its directory; it goes when nobody has it open any more.
    void remove(RamNode& node);
    /// After the last use of a removed node.
    static void destroy(RamNode& node);
    int rename(const char* from, const char* to);

    RamNode& top() { return top_; }

  private:
    struct Spot { ///< where a name stands or would stand
        RamNode* directory;
        const char* name;
    };
    int find_spot(const char* path, Spot& spot);
    int walk(RamNode& from, const char* path, bool follow, unsigned& links_left, RamNode*& found);
    void insert(RamNode& directory, RamNode& node);
    static void take_out(RamNode& node);

    RamNode top_;
    bool read_only_ = false;
};

/// An open file of a node; -ENOSPC. The node knows that it is open.
int open_ram_node(RamNode& node, int flags, files::OpenFile*& file);

} // namespace minios::libc
