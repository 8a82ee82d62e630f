// SPDX-License-Identifier: MIT
// The domain's console as a terminal: standard input, output and error.
#pragma once

#include "line_discipline.h"

#include <minios/files.h>

namespace minios::libc {

/// Makes descriptors 0, 1 and 2.
void open_console();
/// What console_discipline() is of, and nothing else.
bool is_console(const files::OpenFile& file);
LineDiscipline& console_discipline();
/// Forgets what has arrived and was not read.
void discard_console_input();

} // namespace minios::libc
