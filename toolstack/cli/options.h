// SPDX-License-Identifier: MIT
// The command line of skerry: options and commands, by CLI11. The one file that includes it is options.cpp.
#pragma once

namespace skerry::cli {

/// The exit status: 0 done; 1 refused, or failed; 2 the command line is wrong; 3 the platform cannot be reached.
int run_command_line(int count, char** words);

} // namespace skerry::cli
