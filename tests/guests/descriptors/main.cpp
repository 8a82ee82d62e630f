// SPDX-License-Identifier: MIT
// GDT and LDT: pages become descriptor frames, harmless descriptors load, and no descriptor gives more than ring 3 has.
#include "lib/guest.h"

#include <initializer_list>

using namespace skerry::guest;

namespace {

// A descriptor from its access byte and flags nibble; base 0, limit 4 GiB.
constexpr uint64_t descriptor(unsigned access, unsigned flags) {
    return 0x000f00000000ffffULL | uint64_t{access} << 40 | uint64_t{flags} << 52;
}
constexpr uint64_t code64_user = descriptor(0xfb, 0xa), data_user = descriptor(0xf3, 0xc),
                   code32_user = descriptor(0xfb, 0xc);

uint64_t* gdt;

long load_gdt(void* page, unsigned entries) {
    unsigned long frames[1] = {mfn_of(page)};
    return hypercall(__HYPERVISOR_set_gdt, frames, entries);
}
long set_descriptor(const uint64_t* where, uint64_t value) {
    return hypercall(__HYPERVISOR_update_descriptor, machine_of(where), value);
}

bool ready() {
    if (gdt != nullptr) return true;
    gdt = static_cast<uint64_t*>(alloc_page());
    gdt[2] = data_user;
    gdt[3] = code64_user;
    return make_readonly(gdt) == 0 && load_gdt(gdt, 512) == 0;
}
Trap load_ds(uint16_t selector) {
    return attempt([=] { asm volatile("mov %0, %%ds" ::"r"(selector)); });
}

} // namespace

GUEST_CASE(set_gdt_and_load_a_data_segment) {
    REQUIRE(ready());
    EXPECT_EQ(load_ds(2 * 8 | 3).vector, no_trap);
    EXPECT_EQ(load_ds(0).vector, no_trap);
}
GUEST_CASE(a_gdt_page_is_not_writable) {
    REQUIRE(ready());
    EXPECT(make_writable(gdt) < 0);
}
GUEST_CASE(a_writable_page_is_no_gdt) {
    void* page = alloc_page();
    EXPECT(load_gdt(page, 512) < 0);
}
GUEST_CASE(update_descriptor_takes_effect) {
    REQUIRE(ready());
    EXPECT_EQ(set_descriptor(&gdt[5], data_user), 0);
    EXPECT_EQ(gdt[5], data_user);
    EXPECT_EQ(load_ds(5 * 8 | 3).vector, no_trap);
    load_ds(0);
    EXPECT_EQ(set_descriptor(&gdt[5], 0), 0);
    const Trap trap = load_ds(5 * 8 | 3);
    EXPECT(trap.vector == general_protection || trap.vector == segment_not_present);
}
GUEST_CASE(ring_zero_descriptors_are_not_had) {
    // DPL 0 is refused or comes out harmless: never loadable with ring-0 rights.
    REQUIRE(ready());
    for (const unsigned access : {0x9bU, 0x93U}) {
        const uint64_t value = descriptor(access, access == 0x9b ? 0xa : 0xc);
        if (set_descriptor(&gdt[6], value) == 0) EXPECT((gdt[6] >> 45 & 3) != 0 || (gdt[6] >> 47 & 1) == 0);
        set_descriptor(&gdt[6], 0);
    }
}
GUEST_CASE(system_descriptors_are_refused) {
    REQUIRE(ready());
    // Present LDT, TSS (available and busy), interrupt gate, trap gate, call gate in 64-bit form, task gate.
    for (const unsigned type : {2U, 9U, 11U, 14U, 15U, 5U, 4U}) {
        for (const unsigned dpl : {0U, 3U}) {
            EXPECT(set_descriptor(&gdt[7], descriptor(0x80 | dpl << 5 | type, 0)) < 0);
            EXPECT_EQ(gdt[7], 0);
        }
    }
}
GUEST_CASE(call_gate_to_the_hypervisor) {
    REQUIRE(ready());
    // Selector e008 (Xen's code), offset in Xen, DPL 3, type 12.
    const uint64_t gate = 0xffffULL | uint64_t{0xe008} << 16 | uint64_t{0xec00} << 32 | uint64_t{0x4020} << 48;
    if (set_descriptor(&gdt[8], gate) == 0) {
        EXPECT_EQ(load_ds(8 * 8 | 3).vector, general_protection);
        const struct [[gnu::packed]] {
            uint32_t offset;
            uint16_t selector;
        } target = {0, 8 * 8 | 3};
        const Trap trap = attempt([&] { asm volatile("lcall *%0" ::"m"(target) : "memory"); });
        EXPECT(trap.vector != no_trap);
        set_descriptor(&gdt[8], 0);
    }
}
GUEST_CASE(a_gdt_with_a_forbidden_descriptor_is_refused_whole) {
    auto* page = static_cast<uint64_t*>(alloc_page());
    page[9] = descriptor(0x89, 0); // present TSS
    REQUIRE_EQ(make_readonly(page), 0);
    EXPECT(load_gdt(page, 512) < 0);
    EXPECT_EQ(make_writable(page), 0);
}
GUEST_CASE(reserved_part_of_the_gdt) {
    REQUIRE(ready());
    unsigned long frames[16];
    for (auto& frame : frames) frame = mfn_of(gdt);
    // 14 pages are ours; the rest is the hypervisor's.
    EXPECT_EQ(hypercall(__HYPERVISOR_set_gdt, frames, FIRST_RESERVED_GDT_ENTRY + 1), einval);
    EXPECT_EQ(hypercall(__HYPERVISOR_set_gdt, frames, 8192), einval);
    EXPECT(hypercall(__HYPERVISOR_set_gdt, frames, 0xffffffffU) < 0);
    EXPECT_EQ(hypercall(__HYPERVISOR_set_gdt, frames, FIRST_RESERVED_GDT_ENTRY), 0);
    EXPECT_EQ(load_gdt(gdt, 512), 0);
}
GUEST_CASE(gdt_of_foreign_frames) {
    unsigned long frame = 0xfffffffffULL;
    EXPECT(hypercall(__HYPERVISOR_set_gdt, &frame, 512) < 0);
    frame = entry_mfn(top_table()[256]);
    EXPECT(hypercall(__HYPERVISOR_set_gdt, &frame, 512) < 0);
    EXPECT_EQ(hypercall(__HYPERVISOR_set_gdt, 0x1000, 512), efault);
}
GUEST_CASE(update_descriptor_of_a_foreign_or_unaligned_place) {
    REQUIRE(ready());
    EXPECT(hypercall(__HYPERVISOR_update_descriptor, 0xfffffffffUL << 12, data_user) < 0);
    EXPECT(hypercall(__HYPERVISOR_update_descriptor, entry_mfn(top_table()[256]) << 12, data_user) < 0);
    EXPECT_EQ(hypercall(__HYPERVISOR_update_descriptor, machine_of(&gdt[5]) + 3, data_user), einval);
    EXPECT(hypercall(__HYPERVISOR_update_descriptor, machine_of(top_table()), data_user) < 0 ||
           top_table()[0] != data_user);
}
GUEST_CASE(empty_gdt_again) {
    EXPECT_EQ(hypercall(__HYPERVISOR_set_gdt, nullptr, 0), 0);
    EXPECT_EQ(load_ds(2 * 8 | 3).vector, general_protection);
    EXPECT_EQ(make_writable(gdt), 0);
    gdt = nullptr;
}
GUEST_CASE(ldt_loads_on_demand) {
    auto* ldt = static_cast<uint64_t*>(alloc_page());
    ldt[1] = data_user;
    REQUIRE_EQ(make_readonly(ldt), 0);
    EXPECT_EQ(mmuext(MMUEXT_SET_LDT, reinterpret_cast<uint64_t>(ldt), 512), 0);
    EXPECT_EQ(load_ds(1 * 8 | 4 | 3).vector, no_trap);
    EXPECT_EQ(load_ds(0).vector, no_trap);
    EXPECT(make_writable(ldt) < 0);
    EXPECT_EQ(mmuext(MMUEXT_SET_LDT, 0, 0), 0);
    EXPECT_EQ(load_ds(1 * 8 | 4 | 3).vector, general_protection);
    EXPECT_EQ(make_writable(ldt), 0);
}
GUEST_CASE(ldt_in_writable_memory) {
    auto* ldt = static_cast<uint64_t*>(alloc_page());
    ldt[1] = data_user;
    // Accepted by address, but its page cannot become a descriptor frame while mapped writable.
    if (mmuext(MMUEXT_SET_LDT, reinterpret_cast<uint64_t>(ldt), 512) == 0)
        EXPECT(load_ds(1 * 8 | 4 | 3).vector != no_trap);
    mmuext(MMUEXT_SET_LDT, 0, 0);
}
GUEST_CASE(ldt_bad_arguments) {
    EXPECT_EQ(mmuext(MMUEXT_SET_LDT, reinterpret_cast<uint64_t>(window(0)) + 8, 512), einval);
    EXPECT_EQ(mmuext(MMUEXT_SET_LDT, 0xffff830000000000UL, 512), einval);
    EXPECT_EQ(mmuext(MMUEXT_SET_LDT, reinterpret_cast<uint64_t>(window(0)), 8193), einval);
}
GUEST_CASE(ldt_beyond_its_limit) {
    auto* ldt = static_cast<uint64_t*>(alloc_page());
    ldt[1] = data_user;
    ldt[100] = data_user;
    REQUIRE_EQ(make_readonly(ldt), 0);
    EXPECT_EQ(mmuext(MMUEXT_SET_LDT, reinterpret_cast<uint64_t>(ldt), 50), 0);
    EXPECT_EQ(load_ds(100 * 8 | 4 | 3).vector, general_protection);
    EXPECT_EQ(load_ds(1 * 8 | 4 | 3).vector, no_trap);
    load_ds(0);
    mmuext(MMUEXT_SET_LDT, 0, 0);
    make_writable(ldt);
}
GUEST_CASE(hypervisor_selectors_do_not_load) {
    for (const unsigned selector : {0xe008U, 0xe010U, 0xe038U, 0xe040U}) {
        EXPECT(load_ds(static_cast<uint16_t>(selector)).vector != no_trap);
        EXPECT(load_ds(static_cast<uint16_t>(selector | 3)).vector != no_trap);
    }
}
// A far pointer whose selector stands where either vendor looks for it.
USER_CODE(far_call_by_ldt, "push $0x1007\n mov $0x100700000000, %rax\n push %rax\n rex64 lcall *(%rsp)");
GUEST_CASE(far_call_by_an_ldt_that_is_not_there) {
    // What would be a gate lies in the user's memory; no LDT means none at address 0 either.
    mmuext(MMUEXT_SET_LDT, 0, 0);
    const Trap trap = RUN_USER(far_call_by_ldt);
    EXPECT_EQ(trap.vector, general_protection);
    EXPECT_EQ(trap.error, 0x1004);
}
