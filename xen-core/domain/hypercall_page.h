// SPDX-License-Identifier: MIT
// The page of entry stubs that a PV guest calls its hypercalls through: 32 bytes each, by number
// (XEN_ELFNOTE_HYPERCALL_PAGE, XEN_DOMCTL_hypercall_init).
#pragma once

#include <stdint.h>

namespace skerry {

void fill_hypercall_page(uint8_t* page);

} // namespace skerry
