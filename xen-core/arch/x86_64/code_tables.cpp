// SPDX-License-Identifier: MIT
#include "arch/x86_64/code_tables.h"

#include <algorithm>
#include <span>

namespace skerry {

extern "C" {
struct Fixup {
    uintptr_t fault, continue_at;
};
extern Fixup exception_table_start[], exception_table_end[];

struct SmapSite {
    uint8_t* code;
    uint64_t opens; // 1: stac, 0: clac
};
extern const SmapSite smap_sites_start[], smap_sites_end[];
}

uintptr_t find_fixup(uintptr_t rip) {
    const Fixup* found = std::ranges::lower_bound(exception_table_start, exception_table_end, rip, {}, &Fixup::fault);
    return found != exception_table_end && found->fault == rip ? found->continue_at : 0;
}

void sort_exception_table() { std::ranges::sort(exception_table_start, exception_table_end, {}, &Fixup::fault); }

void patch_smap_sites() {
    for (auto [code, opens] : std::span(smap_sites_start, smap_sites_end)) {
        code[0] = 0x0f; // stac: 0f 01 cb, clac: 0f 01 ca
        code[1] = 0x01;
        code[2] = opens ? 0xcb : 0xca;
    }
}

} // namespace skerry
