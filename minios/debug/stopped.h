// SPDX-License-Identifier: MIT
#pragma once

#include "registers.h"

namespace minios::debug {

/// The thread that ran when the program stopped. It goes on with these.
struct Stopped {
    ExceptionFrame frame;
    FxState fx;
};
extern Stopped stopped;

} // namespace minios::debug
