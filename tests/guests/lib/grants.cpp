// SPDX-License-Identifier: MIT
#include "lib/grants.h"

#include "lib/guest.h"

namespace skerry::guest {

static grant_entry_v1_t* table;
static xen_pfn_t frames[4];

grant_entry_v1_t* grant_table() {
    if (table != nullptr) return table;
    static gnttab_setup_table call;
    call.dom = DOMID_SELF;
    call.nr_frames = 4;
    set_xen_guest_handle(call.frame_list, frames);
    if (grant_op(GNTTABOP_setup_table, &call, 1) != 0 || call.status != GNTST_okay) {
        print("grant table: setup_table status %d\n", call.status);
        return nullptr;
    }
    for (unsigned i = 0; i < 4; i++) {
        if (window_map(120 + i, entry(frames[i], page_flags)) != 0) return nullptr;
    }
    return table = static_cast<grant_entry_v1_t*>(window(120));
}
void forget_grant_table() { table = nullptr; }
uint64_t grant_frame(unsigned index) { return frames[index]; }

void offer(unsigned reference, unsigned dom, uint64_t frame, unsigned flags) {
    grant_entry_v1_t* const at = &grant_table()[reference];
    at->domid = static_cast<domid_t>(dom);
    at->frame = static_cast<uint32_t>(frame);
    __atomic_store_n(&at->flags, static_cast<uint16_t>(GTF_permit_access | flags), __ATOMIC_SEQ_CST);
}
bool withdraw(unsigned reference) {
    uint16_t* const flags = &grant_table()[reference].flags;
    uint16_t now = __atomic_load_n(flags, __ATOMIC_SEQ_CST);
    if (now & (GTF_reading | GTF_writing)) return false;
    return __atomic_compare_exchange_n(flags, &now, uint16_t{0}, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

Mapping map_grant(unsigned dom, unsigned reference, void* at, unsigned flags) {
    static gnttab_map_grant_ref call;
    call = {};
    call.host_addr = reinterpret_cast<uint64_t>(at);
    call.flags = flags;
    call.ref = reference;
    call.dom = static_cast<domid_t>(dom);
    const long result = grant_op(GNTTABOP_map_grant_ref, &call, 1);
    if (result != 0) return {static_cast<int>(result) - 1000, 0, 0, 0};
    return {call.status, call.handle, call.host_addr, call.dev_bus_addr};
}
int unmap_grant(const Mapping& mapping) {
    static gnttab_unmap_grant_ref call;
    call = {mapping.address, 0, mapping.handle, 1};
    const long result = grant_op(GNTTABOP_unmap_grant_ref, &call, 1);
    return result != 0 ? static_cast<int>(result) - 1000 : call.status;
}
int copy_page(unsigned from_dom, unsigned from_reference, void* to, unsigned length, unsigned from_offset,
              unsigned to_offset) {
    static gnttab_copy call;
    call = {};
    call.source.u.ref = from_reference;
    call.source.domid = static_cast<domid_t>(from_dom);
    call.source.offset = static_cast<uint16_t>(from_offset);
    call.dest.u.gmfn = mfn_of(to);
    call.dest.domid = DOMID_SELF;
    call.dest.offset = static_cast<uint16_t>(to_offset);
    call.len = static_cast<uint16_t>(length);
    call.flags = GNTCOPY_source_gref;
    const long result = grant_op(GNTTABOP_copy, &call, 1);
    return result != 0 ? static_cast<int>(result) - 1000 : call.status;
}

} // namespace skerry::guest
