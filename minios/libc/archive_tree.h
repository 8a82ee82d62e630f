// SPDX-License-Identifier: MIT
// A read-only tree from a boot module: a cpio archive (`find . | cpio -o -H newc`) or a tar archive (`tar -cf`).
#pragma once

#include "ram_tree.h"

#include <minios/start.h>

namespace minios::libc {

bool is_archive(const Module& module);

/// The tree of an archive; nullptr: no memory. What is broken in it is said on the console, and the rest is there. File contents stay
/// where the module is.
RamTree* tree_of_archive(const Module& module);

} // namespace minios::libc
