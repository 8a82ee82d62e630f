// SPDX-License-Identifier: MIT
// What the parts of grant_table_op share. An operation answers in its structure's status field (GNTST_*), so only
// restart and bad_address end the call.
#pragma once

#include "hypercalls/caller.h"

#include <xen/grant_table.h>

namespace skerry {

// Why a grant operation did not happen, as its structure says it.
int16_t grant_status(Error error);

// GNTTABOP_copy. Everything is an answer.
Status copy_grant(Caller& caller, gnttab_copy_t& request);

} // namespace skerry
