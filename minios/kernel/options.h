// SPDX-License-Identifier: MIT
// The kernel's own settings among the variables (NAME=VALUE) of the command line. minios/sdk/README.md lists them.
#pragma once

#include <string_view>

namespace minios {

/// The value of the first word NAME=VALUE; empty when there is none. No quotes.
std::string_view option_value(std::string_view name);

} // namespace minios
