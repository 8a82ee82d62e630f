// SPDX-License-Identifier: MIT
// iret is the one hypercall that returns to where its argument says instead of with a result: traps/ executes it before
// dispatch. Only a multicall gets here, where it cannot mean anything.
#include "hypercalls/dispatch.h"

namespace skerry {

HypercallResult hypercall_iret(Caller&) { return Error::invalid; }

} // namespace skerry
