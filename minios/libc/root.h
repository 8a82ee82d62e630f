// SPDX-License-Identifier: MIT
#pragma once

namespace minios::libc {

/// Mounts what every program finds there, unless the program mounted something at the same place: "/", an empty tree in memory with
/// "/tmp", "/dev" (devices.h), and "/files", the boot module that is a cpio archive, if there is one. Linked only into programs that use paths.
/// False: there is no memory for it now.
bool mount_root();

} // namespace minios::libc
