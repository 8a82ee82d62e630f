// SPDX-License-Identifier: MIT
// The domain's console as a terminal: standard input, output and error.
#pragma once

#include "line_discipline.h"

#include <minios/files.h>

namespace minios::libc {

/// Makes descriptors 0, 1 and 2.
void open_console();
/// The terminal itself, wherever descriptors 0 to 2 lead: a new file with one reference. 0, -ENXIO (the other end is no terminal) or -ENOMEM.
int open_terminal(int flags, files::OpenFile*& file);
/// What console_discipline() is of, and nothing else.
bool is_console(const files::OpenFile& file);
LineDiscipline& console_discipline();
/// Forgets what has arrived and was not read.
void discard_console_input();

} // namespace minios::libc
