// SPDX-License-Identifier: MIT
#pragma once

namespace minios::libc {

/// Mounts "/dev" with the devices that need no driver: null, zero, random, urandom; and names for what is open or always there: stdin, stdout,
/// stderr, fd/N, console, tty.
void mount_devices();

} // namespace minios::libc
