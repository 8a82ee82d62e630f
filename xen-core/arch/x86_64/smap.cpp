// SPDX-License-Identifier: MIT
#include "arch/x86_64/smap.h"

#include <stdint.h>

namespace skerry {

namespace {

struct Site {
    int32_t offset; // from this word
    int32_t opens;  // 1: stac, 0: clac

    uint8_t* code() const {
        return reinterpret_cast<uint8_t*>(reinterpret_cast<uintptr_t>(&offset) + static_cast<intptr_t>(offset));
    }
};
extern "C" const Site smap_sites_start[], smap_sites_end[];

} // namespace

void patch_smap_sites() {
    for (const Site* site = smap_sites_start; site < smap_sites_end; ++site) {
        uint8_t* code = site->code();
        code[0] = 0x0f; // stac: 0f 01 cb, clac: 0f 01 ca
        code[1] = 0x01;
        code[2] = site->opens ? 0xcb : 0xca;
    }
}

} // namespace skerry
