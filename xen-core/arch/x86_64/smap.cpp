// SPDX-License-Identifier: MIT
#include "arch/x86_64/smap.h"

#include <stdint.h>

extern "C" const int32_t smap_sites_start[], smap_sites_end[];

namespace skerry {

// Each word is twice the distance from itself to its site, plus 1 for stac.
void patch_smap_sites() {
    for (const int32_t* site = smap_sites_start; site < smap_sites_end; ++site) {
        bool opens = *site & 1;
        auto* code = reinterpret_cast<uint8_t*>(reinterpret_cast<uintptr_t>(site) + (*site >> 1));
        code[0] = 0x0f; // stac: 0f 01 cb, clac: 0f 01 ca
        code[1] = 0x01;
        code[2] = opens ? 0xcb : 0xca;
    }
}

} // namespace skerry
