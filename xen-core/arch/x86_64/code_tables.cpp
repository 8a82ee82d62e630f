// SPDX-License-Identifier: MIT
#include "arch/x86_64/code_tables.h"

#include <algorithm>

namespace skerry {

namespace {

// A place in the code, from where this word stands.
struct Offset {
    int32_t value;

    uintptr_t address() const { return reinterpret_cast<uintptr_t>(&value) + value; }
    void set(uintptr_t target) { value = static_cast<int32_t>(target - reinterpret_cast<uintptr_t>(&value)); }
};

struct Fixup {
    Offset fault;
    Offset continue_at;
};

struct SmapSite {
    Offset code;
    int32_t opens; // 1: stac, 0: clac
};

extern "C" {
extern Fixup exception_table_start[], exception_table_end[];
extern const SmapSite smap_sites_start[], smap_sites_end[];
}

// Offsets are relative to where they stand.
void exchange(Fixup& a, Fixup& b) {
    uintptr_t fault = a.fault.address(), continue_at = a.continue_at.address();
    a.fault.set(b.fault.address());
    a.continue_at.set(b.continue_at.address());
    b.fault.set(fault);
    b.continue_at.set(continue_at);
}

} // namespace

uintptr_t find_fixup(uintptr_t rip) {
    const Fixup* found = std::lower_bound(exception_table_start, exception_table_end, rip,
                                          [](const Fixup& f, uintptr_t wanted) { return f.fault.address() < wanted; });
    return found != exception_table_end && found->fault.address() == rip ? found->continue_at.address() : 0;
}

// Insertion sort: the compiler emits the entries nearly in order already.
void sort_exception_table() {
    for (Fixup* next = exception_table_start; next < exception_table_end; ++next)
        for (Fixup* f = next; f > exception_table_start && f[-1].fault.address() > f->fault.address(); --f)
            exchange(f[-1], *f);
}

void patch_smap_sites() {
    for (const SmapSite* site = smap_sites_start; site < smap_sites_end; ++site) {
        auto* code = reinterpret_cast<uint8_t*>(site->code.address());
        code[0] = 0x0f; // stac: 0f 01 cb, clac: 0f 01 ca
        code[1] = 0x01;
        code[2] = site->opens ? 0xcb : 0xca;
    }
}

} // namespace skerry
