// SPDX-License-Identifier: MIT
#include "root.h"

#include "archive_tree.h"
#include "devices.h"

#include <minios/start.h>

namespace minios::libc {

namespace {

constexpr char files_place[] = "/files";

void mount_archive(RamTree& root) {
    for (const Module& module : modules()) {
        if (!is_archive(module)) continue;
        RamTree* tree = tree_of_archive(module);
        if (tree == nullptr) panic("libc: no memory for the tree of a boot module");
        RamNode* place = nullptr;
        (void)root.make(files_place + 1, S_IFDIR | 0555, place); // so that the top lists it
        (void)tree->mount(files_place);
        return;
    }
}

} // namespace

void mount_root() {
    RamTree* root = RamTree::create();
    if (root == nullptr) panic("libc: no memory for the file system");
    RamNode* node = nullptr;
    if (root->mount("/") != 0) return; // the program's own
    if (root->make("tmp", S_IFDIR | 01777, node) != 0) panic("libc: no memory for the file system");
    (void)root->make("dev", S_IFDIR | 0555, node);
    mount_devices();
    mount_archive(*root);
}

} // namespace minios::libc
