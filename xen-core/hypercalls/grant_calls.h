// SPDX-License-Identifier: MIT
// The part of grant_table_op that stands in a file of its own. Errors are those that grant_table_op.cpp names in the
// structure's status field (GNTST_*).
#pragma once

#include "hypercalls/caller.h"

#include <xen/grant_table.h>

namespace skerry {

// GNTTABOP_copy.
Status copy_grant(Caller& caller, gnttab_copy_t& request);

} // namespace skerry
