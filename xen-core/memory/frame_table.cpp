// SPDX-License-Identifier: MIT
#include "memory/frame_table.h"

namespace skerry {

uint64_t max_mfn_value;
uint64_t mfn_limit_value;

void set_frame_limits(Mfn max, unsigned physical_address_bits) {
    // Lists link frames by 32-bit numbers, with the greatest one as their end.
    ASSERT(max.value < 0xffffffff && physical_address_bits > page_shift && physical_address_bits <= 52);
    max_mfn_value = max.value;
    mfn_limit_value = uint64_t{1} << (physical_address_bits - page_shift);
}

} // namespace skerry
