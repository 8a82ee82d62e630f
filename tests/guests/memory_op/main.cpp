// SPDX-License-Identifier: MIT
// memory_op: giving pages back, asking for pages, exchanging, queries; and requests too large, forged or not ours to
// make.
// machine: options dom0_mem=128M,max:129M
#include "lib/guest.h"

#include <initializer_list>

using namespace skerry::guest;

namespace {

xen_pfn_t list[600];

xen_memory_reservation request(unsigned long count, unsigned order = 0) {
    xen_memory_reservation call{};
    set_xen_guest_handle(call.extent_start, list);
    call.nr_extents = count;
    call.extent_order = order;
    call.domid = DOMID_SELF;
    return call;
}
long give_back(unsigned long count) {
    xen_memory_reservation call = request(count);
    return memory_op(XENMEM_decrease_reservation, &call);
}
long current_pages() {
    domid_t self = DOMID_SELF;
    return memory_op(XENMEM_current_reservation, &self);
}
// A pfn near the end of memory, mapped by nobody at this point.
uint64_t spare(unsigned index) { return boot_info.nr_pages - 10 - index; }

} // namespace

GUEST_CASE(queries) {
    domid_t self = DOMID_SELF;
    EXPECT_EQ(memory_op(XENMEM_current_reservation, &self), boot_info.nr_pages);
    EXPECT(memory_op(XENMEM_maximum_reservation, &self) >= static_cast<long>(boot_info.nr_pages));
    EXPECT(memory_op(XENMEM_maximum_ram_page, nullptr) > 1000);
    domid_t other = 1234;
    EXPECT_EQ(memory_op(XENMEM_current_reservation, &other), esrch);
    EXPECT_EQ(memory_op(XENMEM_current_reservation, reinterpret_cast<void*>(0x1000)), efault);
}
GUEST_CASE(give_back_and_populate) {
    const uint64_t pfn = spare(0);
    const Mfn former = pfn_to_mfn(pfn);
    list[0] = former;
    const long before = current_pages();
    REQUIRE_EQ(give_back(1), 1);
    EXPECT_EQ(current_pages(), before - 1);
    EXPECT(window_map(0, entry(former, page_flags)) < 0); // no longer ours
    list[0] = pfn;
    xen_memory_reservation call = request(1);
    REQUIRE_EQ(memory_op(XENMEM_populate_physmap, &call), 1);
    EXPECT_EQ(current_pages(), before);
    EXPECT_EQ(mfn_to_pfn(list[0]), pfn);
    set_pfn_mfn(pfn, list[0]);
    EXPECT_EQ(window_map(0, entry(list[0], page_flags)), 0);
    EXPECT_EQ(try_write(window(0)).vector, no_trap);
    window_unmap(0);
    reinterpret_cast<unsigned long*>(boot_info.mfn_list)[pfn] = list[0];
}
GUEST_CASE(increase) {
    list[0] = pfn_to_mfn(spare(1));
    REQUIRE_EQ(give_back(1), 1);
    list[0] = 0;
    xen_memory_reservation call = request(1);
    REQUIRE_EQ(memory_op(XENMEM_increase_reservation, &call), 1);
    EXPECT(list[0] != 0);
    EXPECT_EQ(window_map(0, entry(list[0], page_flags)), 0);
    window_unmap(0);
    EXPECT_EQ(update(list[0] << 12 | MMU_MACHPHYS_UPDATE, spare(1)), 0);
    reinterpret_cast<unsigned long*>(boot_info.mfn_list)[spare(1)] = list[0];
}
GUEST_CASE(fresh_pages_hold_nothing_of_others) {
    list[0] = pfn_to_mfn(spare(2));
    window_map(0, entry(list[0], page_flags));
    memset(window(0), 0xaa, 4096);
    window_unmap(0);
    REQUIRE_EQ(give_back(1), 1);
    list[0] = spare(2);
    xen_memory_reservation call = request(1);
    REQUIRE_EQ(memory_op(XENMEM_populate_physmap, &call), 1);
    REQUIRE_EQ(window_map(0, entry(list[0], page_flags)), 0);
    // Our own former contents may come back to us (Xen does not scrub what a domain frees itself); what must hold is
    // that a living domain can use it. Scrubbing between domains is the peer case below.
    EXPECT_EQ(try_write(window(0)).vector, no_trap);
    window_unmap(0);
    reinterpret_cast<unsigned long*>(boot_info.mfn_list)[spare(2)] = list[0];
}
GUEST_CASE(a_dead_domains_pages_are_scrubbed) {
    static Peer peer;
    REQUIRE_EQ(peer.create([] {}), 0);
    static uint64_t frames[64];
    for (unsigned i = 0; i < 64; i++) frames[i] = peer.frame_of(static_cast<char*>(image_base()) + i * 4096);
    EXPECT_EQ(peer.destroy(), 0);
    // Ask for memory until some of those frames come to us; they must be clean.
    static xen_pfn_t back[256];
    for (unsigned i = 0; i < 256; i++) back[i] = pfn_to_mfn(spare(20 + i));
    xen_memory_reservation call = request(256);
    set_xen_guest_handle(call.extent_start, back);
    REQUIRE_EQ(memory_op(XENMEM_decrease_reservation, &call), 256);
    for (unsigned i = 0; i < 256; i++) back[i] = spare(20 + i);
    call = request(256);
    set_xen_guest_handle(call.extent_start, back);
    REQUIRE_EQ(memory_op(XENMEM_populate_physmap, &call), 256);
    unsigned dirty = 0;
    for (unsigned i = 0; i < 256; i++) {
        reinterpret_cast<unsigned long*>(boot_info.mfn_list)[spare(20 + i)] = back[i];
        for (const uint64_t frame : frames) {
            if (frame != back[i]) continue;
            window_map(0, entry(frame, page_flags));
            for (unsigned word = 0; word < 512; word++)
                if (static_cast<uint64_t*>(window(0))[word] != 0) dirty++;
            window_unmap(0);
        }
    }
    EXPECT_EQ(dirty, 0);
}
GUEST_CASE(frames_in_use_stay_until_let_go) {
    auto* page = static_cast<volatile uint64_t*>(alloc_page());
    page[0] = 77;
    list[0] = mfn_of(const_cast<uint64_t*>(page));
    const long result = give_back(1); // still mapped here: the mapping keeps the frame alive
    EXPECT(result == 0 || result == 1);
    EXPECT_EQ(page[0], 77);
    if (result == 1) EXPECT_EQ(unmap(const_cast<uint64_t*>(page)), 0);
}
GUEST_CASE(a_pinned_table_given_back_stays_a_table) {
    auto* l1 = static_cast<uint64_t*>(alloc_page());
    REQUIRE_EQ(make_readonly(l1), 0);
    const Mfn mfn = mfn_of(l1);
    REQUIRE_EQ(pin(1, mfn), 0);
    list[0] = mfn;
    give_back(1);
    EXPECT(make_writable(l1) < 0);
    unpin(mfn);
    unmap(l1);
}
GUEST_CASE(frames_that_are_not_ours) {
    for (const uint64_t mfn : {0xfffffffffUL, ~0UL, 0x10UL, static_cast<unsigned long>(entry_mfn(top_table()[256]))}) {
        list[0] = mfn;
        EXPECT_EQ(give_back(1), 0);
    }
}
GUEST_CASE(a_list_with_a_bad_member_stops_there) {
    list[0] = pfn_to_mfn(spare(3));
    list[1] = 0xfffffffffUL;
    list[2] = pfn_to_mfn(spare(4));
    EXPECT_EQ(give_back(3), 1);
    list[0] = spare(3);
    xen_memory_reservation call = request(1);
    EXPECT_EQ(memory_op(XENMEM_populate_physmap, &call), 1);
    reinterpret_cast<unsigned long*>(boot_info.mfn_list)[spare(3)] = list[0];
}
GUEST_CASE(more_than_the_maximum) {
    domid_t self = DOMID_SELF;
    const long room = memory_op(XENMEM_maximum_reservation, &self) - current_pages();
    REQUIRE(room <= 500); // what the hypervisor was told
    for (unsigned i = 0; i < 600; i++) list[i] = 0x100000 + i;
    xen_memory_reservation call = request(600);
    const long got = memory_op(XENMEM_populate_physmap, &call);
    EXPECT(got >= 0 && got < 600);
}
GUEST_CASE(overlarge_counts) {
    for (const unsigned long count : {1UL << 40, 1UL << 52, ~0UL, ~0UL >> 6}) {
        xen_memory_reservation call = request(count);
        const long result = memory_op(XENMEM_decrease_reservation, &call);
        EXPECT(result <= 0);
    }
}
GUEST_CASE(large_extents) {
    // A PV domain may not have everything it asks for, but it must get an answer. Order 0 always works.
    for (const unsigned order : {9U, 18U, 20U, 31U, 63U, 64U, 255U, 0xffffffffU}) {
        list[0] = 0x200000;
        xen_memory_reservation call = request(1, order);
        const long result = memory_op(XENMEM_populate_physmap, &call);
        if (order > 18) EXPECT(result <= 0);
        if (result == 1) {
            xen_memory_reservation back = request(1, order);
            EXPECT(memory_op(XENMEM_decrease_reservation, &back) >= 0);
        }
    }
}
GUEST_CASE(lists_that_cannot_be_read_or_written) {
    xen_memory_reservation call = request(1);
    set_xen_guest_handle(call.extent_start, reinterpret_cast<xen_pfn_t*>(0x1000));
    EXPECT(memory_op(XENMEM_decrease_reservation, &call) <= 0);
    set_xen_guest_handle(call.extent_start, reinterpret_cast<xen_pfn_t*>(0xffff830000000000));
    EXPECT(memory_op(XENMEM_decrease_reservation, &call) <= 0);
    EXPECT(memory_op(XENMEM_populate_physmap, &call) <= 0);
    EXPECT(memory_op(XENMEM_populate_physmap, reinterpret_cast<void*>(0x1000)) <= 0); // none done
}
GUEST_CASE(exchange_one_for_one) {
    static xen_pfn_t in, out;
    in = pfn_to_mfn(spare(5));
    out = spare(5);
    xen_memory_exchange call{};
    set_xen_guest_handle(call.in.extent_start, &in);
    call.in.nr_extents = 1;
    call.in.domid = DOMID_SELF;
    set_xen_guest_handle(call.out.extent_start, &out);
    call.out.nr_extents = 1;
    call.out.domid = DOMID_SELF;
    const long before = current_pages();
    const long result = memory_op(XENMEM_exchange, &call);
    if (result == enosys || result == eopnotsupp) return skip("no exchange here");
    EXPECT_EQ(result, 0);
    EXPECT_EQ(call.nr_exchanged, 1);
    EXPECT_EQ(current_pages(), before);
    EXPECT_EQ(mfn_to_pfn(out), spare(5));
    reinterpret_cast<unsigned long*>(boot_info.mfn_list)[spare(5)] = out;
}
// What is mapped somewhere cannot be given up.
GUEST_CASE(exchange_mapped) {
    static xen_pfn_t in, out;
    in = pfn_to_mfn(spare(7));
    out = spare(7);
    xen_memory_exchange call{};
    set_xen_guest_handle(call.in.extent_start, &in);
    set_xen_guest_handle(call.out.extent_start, &out);
    call.in.nr_extents = call.out.nr_extents = 1;
    call.in.domid = call.out.domid = DOMID_SELF;
    REQUIRE_EQ(window_map(40, entry(in, page_flags)), 0);
    EXPECT_EQ(memory_op(XENMEM_exchange, &call), einval);
    EXPECT_EQ(call.nr_exchanged, 0);
    EXPECT_EQ(out, spare(7));
    EXPECT_EQ(window_unmap(40), 0);
    EXPECT_EQ(memory_op(XENMEM_exchange, &call), 0);
    reinterpret_cast<unsigned long*>(boot_info.mfn_list)[spare(7)] = out;
}
GUEST_CASE(exchange_forged) {
    static xen_pfn_t in, out;
    xen_memory_exchange call{};
    auto prepare = [&] {
        call = {};
        in = pfn_to_mfn(spare(6));
        out = spare(6);
        set_xen_guest_handle(call.in.extent_start, &in);
        call.in.nr_extents = 1;
        call.in.domid = DOMID_SELF;
        set_xen_guest_handle(call.out.extent_start, &out);
        call.out.nr_extents = 1;
        call.out.domid = DOMID_SELF;
    };
    prepare();
    in = 0xfffffffffUL;
    EXPECT(memory_op(XENMEM_exchange, &call) < 0);
    prepare();
    call.out.nr_extents = 2; // sizes differ
    EXPECT(memory_op(XENMEM_exchange, &call) < 0);
    prepare();
    call.nr_exchanged = 5; // more than there are
    EXPECT(memory_op(XENMEM_exchange, &call) < 0);
    prepare();
    call.in.nr_extents = ~0UL >> 3;
    call.out.nr_extents = ~0UL >> 3;
    EXPECT(memory_op(XENMEM_exchange, &call) < 0);
    prepare();
    set_xen_guest_handle(call.out.extent_start, reinterpret_cast<xen_pfn_t*>(0xffff830000000000));
    EXPECT(memory_op(XENMEM_exchange, &call) < 0);
    prepare();
    call.in.extent_order = 64;
    EXPECT(memory_op(XENMEM_exchange, &call) < 0);
}
GUEST_CASE(machphys_list) {
    static xen_pfn_t frames[8];
    for (xen_pfn_t& frame : frames) frame = ~xen_pfn_t{0};
    xen_machphys_mfn_list call{};
    call.max_extents = 8;
    set_xen_guest_handle(call.extent_start, frames);
    const long result = memory_op(XENMEM_machphys_mfn_list, &call);
    if (result == enosys) return skip("no list of the table's frames here (docs/caveats.md)");
    EXPECT_EQ(result, 0);
    EXPECT(call.nr_extents >= 1);
    // A stretch that is not contiguous in machine memory reads as 0, a gap: that, too, is the interface.
    EXPECT(frames[0] != ~xen_pfn_t{0});
}
GUEST_CASE(machphys_mapping) {
    xen_machphys_mapping call{};
    EXPECT_EQ(memory_op(XENMEM_machphys_mapping, &call), 0);
    EXPECT_EQ(call.v_start, MACH2PHYS_VIRT_START);
    EXPECT(call.v_end > call.v_start);
    EXPECT(call.max_mfn >= 1000);
}
GUEST_CASE(machine_memory_map) {
    struct {
        uint64_t start, size;
        uint32_t type;
    } __attribute__((packed)) map[64];
    xen_memory_map call{};
    call.nr_entries = 64;
    set_xen_guest_handle(call.buffer, static_cast<void*>(map));
    EXPECT_EQ(memory_op(XENMEM_machine_memory_map, &call), 0);
    EXPECT(call.nr_entries >= 3);
    bool ram = false;
    for (unsigned i = 0; i < call.nr_entries; i++)
        if (map[i].type == 1 && map[i].size > 0x1000000) ram = true;
    EXPECT(ram);
    call.nr_entries = 0;
    const long result = memory_op(XENMEM_machine_memory_map, &call);
    EXPECT(result == 0 || result < 0);
}
GUEST_CASE(own_memory_map_need_not_be_there) {
    struct {
        uint64_t start, size;
        uint32_t type;
    } __attribute__((packed)) map[16];
    xen_memory_map call{};
    call.nr_entries = 16;
    set_xen_guest_handle(call.buffer, static_cast<void*>(map));
    const long result = memory_op(XENMEM_memory_map, &call);
    EXPECT(result == 0 || result == enosys);
}
GUEST_CASE(unknown_command) { EXPECT_EQ(memory_op(60, nullptr), enosys); }
