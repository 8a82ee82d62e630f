// SPDX-License-Identifier: MIT
// What the boot loader told about the platform, for those below boot/ that must report it. Read-only after start-up.
#pragma once

namespace skerry {

// xen-core's own command line (XENVER_commandline).
const char* platform_command_line();

} // namespace skerry
