// SPDX-License-Identifier: MIT
// What a PV kernel finds when it starts: start_info, its notes obeyed, registers, memory lists that agree with each
// other.
// machine: arguments one two=2  three
// machine: module tests/guests/start/module.txt left right
#include "lib/guest.h"

#include <initializer_list>

using namespace skerry::guest;

extern "C" char virt_base[], image_start[], image_end[];

GUEST_CASE(magic_names_the_interface) { EXPECT(memcmp(boot_info.magic, "xen-3.0-x86_64", 14) == 0); }
GUEST_CASE(first_domain_flags) {
    EXPECT((boot_info.flags & SIF_INITDOMAIN) != 0);
    EXPECT((boot_info.flags & SIF_PRIVILEGED) != 0);
}
GUEST_CASE(no_store_and_no_ring_console) {
    EXPECT_EQ(boot_info.store_mfn, 0);
    EXPECT_EQ(boot_info.store_evtchn, 0);
    // For the first domain this union describes the screen, if there is one.
    if (boot_info.console.dom0.info_size != 0)
        EXPECT(boot_info.console.dom0.info_off + boot_info.console.dom0.info_size <= 4096);
}
GUEST_CASE(command_line_is_passed_verbatim) {
    EXPECT(strcmp(command_line, "one two=2  three") == 0);
    if (strcmp(command_line, "one two=2  three") != 0) print("command line: '%s'\n", command_line);
}
GUEST_CASE(pages_as_asked) {
    // dom0_mem=128M, less nothing that a guest would notice.
    EXPECT(boot_info.nr_pages >= 30000 && boot_info.nr_pages <= 32768);
}
GUEST_CASE(tables_lie_behind_the_image) {
    EXPECT(boot_info.mfn_list >= reinterpret_cast<unsigned long>(image_end));
    EXPECT(boot_info.pt_base >= reinterpret_cast<unsigned long>(image_end));
    EXPECT(boot_info.nr_pt_frames >= 4);
    EXPECT_EQ(boot_info.pt_base & 4095, 0);
}
GUEST_CASE(start_info_is_mapped_and_page_aligned) {
    EXPECT_EQ(reinterpret_cast<unsigned long>(boot_info_page) & 4095, 0);
    EXPECT_EQ(try_read(boot_info_page).vector, no_trap);
    EXPECT_EQ(try_write(const_cast<start_info_t*>(boot_info_page)).vector, no_trap);
}
GUEST_CASE(module_is_handed_over_untouched) {
    REQUIRE(boot_info.mod_start != 0);
    EXPECT_EQ(boot_info.mod_len, 31);
    EXPECT_EQ(boot_info.flags & SIF_MOD_START_PFN, 0); // no MOD_START_PFN note: a virtual address
    REQUIRE_EQ(try_read(reinterpret_cast<const void*>(boot_info.mod_start)).vector, no_trap);
    EXPECT(memcmp(reinterpret_cast<const void*>(boot_info.mod_start), "a module, byte for byte, of 31\n", 31) == 0);
}
GUEST_CASE(p2m_and_m2p_agree) {
    const auto* p2m = reinterpret_cast<const unsigned long*>(boot_info.mfn_list);
    unsigned wrong = 0;
    for (uint64_t pfn = 0; pfn < boot_info.nr_pages; pfn++) {
        if (mfn_to_pfn(p2m[pfn]) != pfn) wrong++;
    }
    EXPECT_EQ(wrong, 0);
}
GUEST_CASE(p2m_holds_no_frame_twice) {
    const auto* p2m = reinterpret_cast<const unsigned long*>(boot_info.mfn_list);
    // Since the tables agree, two equal frames would have one pfn: enough to look at neighbours and ends.
    for (uint64_t pfn = 1; pfn < boot_info.nr_pages; pfn++) {
        if (p2m[pfn] == p2m[pfn - 1]) return (void)EXPECT(p2m[pfn] != p2m[pfn - 1]);
    }
}
GUEST_CASE(mappings_follow_the_p2m) {
    unsigned wrong = 0;
    for (const char* at = image_start; at < image_end; at += 4096) {
        uint64_t* const l1 = l1_entry(at);
        if (l1 == nullptr || entry_mfn(*l1) != pfn_to_mfn(pfn_of(at))) {
            if (at != reinterpret_cast<const char*>(shared)) wrong++;
        }
    }
    EXPECT_EQ(wrong, 0);
}
GUEST_CASE(mapping_ends_at_least_half_a_mebibyte_behind) {
    const unsigned long end = boot_info.pt_base + boot_info.nr_pt_frames * 4096 + 4096;
    EXPECT_EQ(try_write(reinterpret_cast<void*>(end + 0x7f000)).vector, no_trap);
}
GUEST_CASE(boot_page_tables_are_readonly) {
    for (unsigned long i = 0; i < boot_info.nr_pt_frames; i++) {
        uint64_t* const l1 = l1_entry(reinterpret_cast<void*>(boot_info.pt_base + i * 4096));
        REQUIRE(l1 != nullptr);
        EXPECT_EQ(*l1 & (pte_present | pte_write), pte_present);
    }
}
GUEST_CASE(the_m2p_is_readable_and_not_writable) {
    void* const m2p = reinterpret_cast<void*>(MACH2PHYS_VIRT_START);
    EXPECT_EQ(try_read(m2p).vector, no_trap);
    const Trap trap = try_store(m2p, 1);
    EXPECT_EQ(trap.vector, page_fault);
    EXPECT_EQ(trap.cr2, MACH2PHYS_VIRT_START);
}
GUEST_CASE(the_hypervisor_is_not_readable) {
    for (const uint64_t address :
         {0xffff820000000000UL, 0xffff830000000000UL, 0xffff82d040200000UL, 0xffff87ffffff0000UL}) {
        EXPECT_EQ(try_read(reinterpret_cast<void*>(address)).vector, page_fault);
        EXPECT_EQ(try_store(reinterpret_cast<void*>(address), 0).vector, page_fault);
    }
}
GUEST_CASE(non_canonical_address_is_a_protection_fault) {
    EXPECT_EQ(try_read(reinterpret_cast<void*>(0x1000000000000000UL)).vector, general_protection);
}
GUEST_CASE(flat_selectors) {
    uint16_t cs, ss;
    asm("mov %%cs, %0" : "=r"(cs));
    asm("mov %%ss, %0" : "=r"(ss));
    EXPECT_EQ(cs & 3, 3); // a 64-bit PV kernel runs in ring 3
    EXPECT_EQ(cs, FLAT_KERNEL_CS);
    EXPECT_EQ(ss, FLAT_KERNEL_SS);
}
GUEST_CASE(hypercall_page_is_filled) {
    // Each entry loads its number into eax: b8 NN NN NN NN within its 32 bytes.
    for (const unsigned number : {0U, 1U, 17U, 29U, 33U}) {
        bool found = false;
        const char* const stub = hypercall_page + number * 32;
        for (unsigned i = 0; i < 27; i++) {
            if (static_cast<uint8_t>(stub[i]) == 0xb8 && *reinterpret_cast<const uint32_t*>(stub + i + 1) == number)
                found = true;
        }
        EXPECT(found);
    }
}
GUEST_CASE(shared_page_sanity) {
    EXPECT_EQ(boot_info.shared_info & 4095, 0);
    EXPECT(shared->vcpu_info[0].time.tsc_to_system_mul != 0);
    EXPECT(shared->wc_sec > 1500000000U);
    EXPECT_EQ(shared->vcpu_info[0].evtchn_upcall_mask, 1);
}
