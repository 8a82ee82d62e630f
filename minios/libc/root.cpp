// SPDX-License-Identifier: MIT
#include "root.h"

#include "archive_tree.h"
#include "devices.h"

#include <minios/start.h>

#include <errno.h>

namespace minios::libc {

namespace {

constexpr char files_place[] = "/files";

/// A folder at the top; it may be there from an attempt before.
bool make_folder(RamTree& root, const char* name, mode_t permissions) {
    RamNode* node = nullptr;
    const int error = root.make(name, S_IFDIR | permissions, node);
    return error == 0 || error == -EEXIST;
}

const Module* find_archive() {
    for (const Module& module : modules())
        if (is_archive(module)) return &module;
    return nullptr;
}

} // namespace

/// "/" comes last: until then everything can be tried again.
bool mount_root() {
    static RamTree *root, *files;
    if (root == nullptr && (root = RamTree::create()) == nullptr) return false;
    const Module* archive = find_archive();
    if (archive != nullptr && files == nullptr && (files = tree_of_archive(*archive)) == nullptr) return false;
    if (!make_folder(*root, "tmp", 01777) || !make_folder(*root, "dev", 0555) ||
        (files != nullptr && !make_folder(*root, files_place + 1, 0555))) // so that the top lists it
        return false;
    if (root->mount("/") != 0) return true; // the program's own
    mount_devices();
    if (files != nullptr) (void)files->mount(files_place);
    return true;
}

} // namespace minios::libc
