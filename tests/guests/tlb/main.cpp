// SPDX-License-Identifier: MIT
// Translation caches: what the flush operations promise, with a second vCPU reading through the mapping that goes.
#include "lib/guest.h"

using namespace skerry::guest;

namespace {

volatile unsigned stage; // of the vCPU 1 reader
volatile uint64_t seen;
volatile int trapped;

// vCPU 1: reads the window whenever told, and tells what it saw.
void reader() {
    for (;;) {
        while (stage != 1 && stage != 9) asm volatile("pause");
        if (stage == 9) return;
        uint64_t value = 0;
        trapped = attempt([&] { value = *static_cast<volatile uint64_t*>(window(0)); }).vector;
        seen = value;
        stage = 2;
    }
}
uint64_t ask() {
    stage = 1;
    if (!wait_for([] { return stage == 2; })) EXPECT(!"the second vCPU does not answer");
    return seen;
}

uint64_t* first;
uint64_t* second;

bool ready() {
    static bool done;
    if (done) return true;
    first = static_cast<uint64_t*>(alloc_page());
    second = static_cast<uint64_t*>(alloc_page());
    first[0] = 1;
    second[0] = 2;
    if (window_map(0, entry(mfn_of(first), page_flags)) != 0) return false;
    done = run_on_vcpu1(reader);
    return done;
}
void exchange_mapping(uint64_t* to) { set_entry(l1_entry(window(0)), entry(mfn_of(to), page_flags)); }
uint64_t at() { return reinterpret_cast<uint64_t>(window(0)); }

} // namespace

GUEST_CASE(flush_all_reaches_the_other_vcpu) {
    REQUIRE(ready());
    EXPECT_EQ(ask(), 1);
    exchange_mapping(second);
    EXPECT_EQ(mmuext(MMUEXT_TLB_FLUSH_ALL), 0);
    EXPECT_EQ(ask(), 2);
}
GUEST_CASE(invlpg_all_reaches_the_other_vcpu) {
    REQUIRE(ready());
    exchange_mapping(first);
    EXPECT_EQ(mmuext(MMUEXT_INVLPG_ALL, at()), 0);
    EXPECT_EQ(ask(), 1);
}
GUEST_CASE(flush_multi_reaches_the_named_vcpus) {
    REQUIRE(ready());
    static unsigned long both = 3;
    exchange_mapping(second);
    EXPECT_EQ(mmuext(MMUEXT_TLB_FLUSH_MULTI, 0, reinterpret_cast<uint64_t>(&both)), 0);
    EXPECT_EQ(ask(), 2);
    exchange_mapping(first);
    EXPECT_EQ(mmuext(MMUEXT_INVLPG_MULTI, at(), reinterpret_cast<uint64_t>(&both)), 0);
    EXPECT_EQ(ask(), 1);
}
GUEST_CASE(va_mapping_with_flush_all) {
    REQUIRE(ready());
    EXPECT_EQ(ask(), 1);
    EXPECT_EQ(set_mapping(window(0), entry(mfn_of(second), page_flags), UVMF_INVLPG | UVMF_ALL), 0);
    EXPECT_EQ(ask(), 2);
    EXPECT_EQ(set_mapping(window(0), 0, UVMF_TLB_FLUSH | UVMF_ALL), 0);
    ask();
    EXPECT_EQ(trapped, page_fault);
    EXPECT_EQ(set_mapping(window(0), entry(mfn_of(first), page_flags), UVMF_NONE), 0);
    EXPECT_EQ(ask(), 1);
}
GUEST_CASE(a_page_that_becomes_a_table_is_not_written_through_a_stale_entry) {
    // vCPU 1 holds a writable translation; the page is unmapped without any flush by us and pinned as an L1. The
    // hypervisor must have flushed before it trusted the page.
    REQUIRE(ready());
    auto* page = static_cast<uint64_t*>(alloc_page());
    REQUIRE_EQ(window_map(1, entry(mfn_of(page), page_flags)), 0);
    static volatile int result;
    stage = 9;
    REQUIRE(vcpu1_idle());
    static volatile unsigned step;
    step = 0;
    REQUIRE(run_on_vcpu1([] {
        *static_cast<volatile uint64_t*>(window(1)) = 0; // load the translation
        step = 1;
        while (step != 2) asm volatile("pause");
        result = try_store(window(1), 0xdead).vector;
        step = 3;
    }));
    REQUIRE(wait_for([] { return step == 1; }));
    EXPECT_EQ(set_mapping(window(1), 0, UVMF_NONE), 0);
    EXPECT_EQ(set_mapping(page, entry(mfn_of(page), page_flags & ~pte_write), UVMF_NONE), 0);
    EXPECT_EQ(pin(1, mfn_of(page)), 0);
    step = 2;
    EXPECT(wait_for([] { return step == 3; }));
    EXPECT_EQ(result, page_fault);
    EXPECT_EQ(page[0], 0);
    EXPECT_EQ(unpin(mfn_of(page)), 0);
    make_writable(page);
    REQUIRE(vcpu1_idle());
    stage = 0;
    REQUIRE(run_on_vcpu1(reader));
}
GUEST_CASE(a_page_given_back_is_not_read_through_a_stale_entry) {
    REQUIRE(ready());
    const uint64_t pfn = boot_info.nr_pages - 40;
    static xen_pfn_t frame;
    frame = pfn_to_mfn(pfn);
    EXPECT_EQ(set_mapping(window(0), entry(frame, page_flags), UVMF_TLB_FLUSH | UVMF_ALL), 0);
    ask(); // vCPU 1 has the translation
    EXPECT_EQ(set_mapping(window(0), 0, UVMF_NONE), 0);
    xen_memory_reservation call{};
    set_xen_guest_handle(call.extent_start, &frame);
    call.nr_extents = 1;
    call.domid = DOMID_SELF;
    EXPECT_EQ(memory_op(XENMEM_decrease_reservation, &call), 1);
    // Somebody else gets memory now: a new domain. If ours still reads the frame through a stale entry, it may read
    // theirs.
    static Peer peer;
    REQUIRE_EQ(peer.create([] {}), 0);
    ask();
    EXPECT_EQ(trapped, page_fault);
    EXPECT_EQ(peer.destroy(), 0);
    EXPECT_EQ(set_mapping(window(0), entry(mfn_of(first), page_flags), UVMF_TLB_FLUSH | UVMF_ALL), 0);
}
GUEST_CASE(bad_vcpu_sets) {
    EXPECT(mmuext(MMUEXT_TLB_FLUSH_MULTI, 0, 0x1000) < 0);
    EXPECT(mmuext(MMUEXT_TLB_FLUSH_MULTI, 0, 0xffff830000000000) < 0);
    static unsigned long many = ~0UL;
    EXPECT_EQ(mmuext(MMUEXT_TLB_FLUSH_MULTI, 0, reinterpret_cast<uint64_t>(&many)),
              0); // bits without a vCPU are ignored
}
GUEST_CASE(invlpg_of_strange_addresses) {
    EXPECT(mmuext(MMUEXT_INVLPG_LOCAL, 0xffff830000000000) <= 0);
    EXPECT(mmuext(MMUEXT_INVLPG_LOCAL, 0x1000000000000000) <= 0);
    EXPECT(mmuext(MMUEXT_INVLPG_ALL, 0) <= 0);
}
GUEST_CASE(cache_flush_operations) {
    const long result = mmuext(MMUEXT_FLUSH_CACHE);
    EXPECT(result == 0 || result == eacces || result == eperm || result == einval);
    const long global = mmuext(MMUEXT_FLUSH_CACHE_GLOBAL);
    EXPECT(global == 0 || global == eacces || global == eperm || global == einval);
}
GUEST_CASE(clear_and_copy_page) {
    auto* page = static_cast<uint64_t*>(alloc_page());
    auto* other = static_cast<uint64_t*>(alloc_page());
    page[5] = 5;
    EXPECT_EQ(mmuext(MMUEXT_COPY_PAGE, mfn_of(other), mfn_of(page)), 0);
    EXPECT_EQ(other[5], 5);
    EXPECT_EQ(mmuext(MMUEXT_CLEAR_PAGE, mfn_of(page)), 0);
    EXPECT_EQ(page[5], 0);
    EXPECT(mmuext(MMUEXT_CLEAR_PAGE, mfn_of(top_table())) < 0);
    EXPECT(mmuext(MMUEXT_COPY_PAGE, mfn_of(top_table()), mfn_of(page)) < 0);
    EXPECT(mmuext(MMUEXT_CLEAR_PAGE, 0xfffffffffUL) < 0);
    EXPECT(mmuext(MMUEXT_COPY_PAGE, mfn_of(page), entry_mfn(top_table()[256])) < 0);
    EXPECT(top_table()[256] != 0);
}
GUEST_CASE(the_second_vcpu_ends) {
    stage = 9;
    EXPECT(vcpu1_idle());
}
