// SPDX-License-Identifier: MIT
// skerry: the operator's command. See skerry.1.
#include "toolstack/cli/options.h"

int main(int argc, char** argv) { return skerry::cli::run_command_line(argc, argv); }
