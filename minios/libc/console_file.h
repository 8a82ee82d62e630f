// SPDX-License-Identifier: MIT
// The domain's console as a terminal: standard input, output and error.
#pragma once

namespace minios::libc {

/// Makes descriptors 0, 1 and 2.
void open_console();

} // namespace minios::libc
