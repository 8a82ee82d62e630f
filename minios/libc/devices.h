// SPDX-License-Identifier: MIT
#pragma once

namespace minios::libc {

/// Mounts "/dev" with the devices that need no driver: null, zero, random, urandom.
void mount_devices();

} // namespace minios::libc
