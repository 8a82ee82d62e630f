// SPDX-License-Identifier: MIT
// Writes to page tables by ordinary instructions: trapped, judged and carried out, or a fault as on a read-only page.
#include "lib/guest.h"

using namespace skerry::guest;

static volatile uint64_t* empty_slot() {
    void* page = alloc_page();
    window_map(0, entry(mfn_of(page), page_flags));
    window_unmap(0);
    free_page(page);
    return l1_entry(window(0));
}

GUEST_CASE(mov_of_eight_bytes) {
    auto* page = static_cast<uint64_t*>(alloc_page());
    page[0] = 99;
    volatile uint64_t* const slot = empty_slot();
    const uint64_t value = entry(mfn_of(page), page_flags);
    EXPECT_EQ(attempt([=] { *slot = value; }).vector, no_trap);
    EXPECT_EQ(*slot & frame_mask, value & frame_mask);
    EXPECT_EQ(*static_cast<uint64_t*>(window(0)), 99);
    EXPECT_EQ(attempt([=] { *slot = 0; }).vector, no_trap);
    mmuext(MMUEXT_INVLPG_LOCAL, reinterpret_cast<uint64_t>(window(0)));
    EXPECT_EQ(try_read(window(0)).vector, page_fault);
}
GUEST_CASE(compare_and_exchange) {
    void* page = alloc_page();
    auto* const slot = const_cast<uint64_t*>(empty_slot());
    const uint64_t value = entry(mfn_of(page), page_flags);
    bool swapped = false;
    EXPECT_EQ(attempt([&] {
                  uint64_t expected = 0;
                  swapped =
                      __atomic_compare_exchange_n(slot, &expected, value, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
              }).vector,
              no_trap);
    EXPECT(swapped);
    EXPECT_EQ(*slot & frame_mask, value & frame_mask);
    EXPECT_EQ(attempt([&] {
                  uint64_t expected = 12345;
                  swapped = __atomic_compare_exchange_n(slot, &expected, uint64_t{0}, false, __ATOMIC_SEQ_CST,
                                                        __ATOMIC_SEQ_CST);
              }).vector,
              no_trap);
    EXPECT(!swapped);
    EXPECT_EQ(*slot & frame_mask, value & frame_mask);
    set_entry(slot, 0);
}
GUEST_CASE(exchange) {
    void* page = alloc_page();
    auto* const slot = const_cast<uint64_t*>(empty_slot());
    set_entry(slot, entry(mfn_of(page), page_flags));
    uint64_t former = 1;
    EXPECT_EQ(attempt([&] { former = __atomic_exchange_n(slot, uint64_t{0}, __ATOMIC_SEQ_CST); }).vector, no_trap);
    EXPECT_EQ(former & frame_mask, mfn_of(page) << 12);
    EXPECT_EQ(*slot, 0);
}
GUEST_CASE(clear_a_bit_with_and) {
    void* page = alloc_page();
    auto* const slot = const_cast<uint64_t*>(empty_slot());
    set_entry(slot, entry(mfn_of(page), page_flags));
    EXPECT_EQ(attempt([&] { asm volatile("lock andq %1, (%0)" ::"r"(slot), "r"(~pte_write)
                                         : "memory"); }).vector,
              no_trap);
    EXPECT_EQ(*slot & (pte_present | pte_write), pte_present);
    set_entry(slot, 0);
}
GUEST_CASE(a_bad_entry_faults_and_changes_nothing) {
    volatile uint64_t* const slot = empty_slot();
    Trap trap = attempt([=] { *slot = entry(mfn_of(top_table()), page_flags); });
    EXPECT_EQ(trap.vector, page_fault);
    EXPECT_EQ(trap.error & (fault_present | fault_write), fault_present | fault_write);
    EXPECT_EQ(trap.cr2, reinterpret_cast<uint64_t>(slot));
    EXPECT_EQ(*slot, 0);
    trap = attempt([=] { *slot = entry(0xfffffffffULL, page_flags); });
    EXPECT_EQ(trap.vector, page_fault);
    EXPECT_EQ(*slot, 0);
}
GUEST_CASE(upper_tables_are_not_writable_so) {
    // Only L1 tables are emulated: a write to an L2 is a plain fault.
    volatile uint64_t* const l2 = level_entry(window(0), 2) + 9;
    const Trap trap = attempt([=] { *l2 = 0x1234; });
    EXPECT_EQ(trap.vector, page_fault);
    EXPECT_EQ(*l2, 0);
    volatile uint64_t* const l4 = top_table() + 3;
    EXPECT_EQ(attempt([=] { *l4 = 0x1234; }).vector, page_fault);
    EXPECT_EQ(*l4, 0);
}
GUEST_CASE(a_readonly_page_that_is_no_table_just_faults) {
    auto* page = static_cast<volatile uint64_t*>(alloc_page());
    REQUIRE_EQ(make_readonly(const_cast<uint64_t*>(page)), 0);
    const Trap trap = attempt([=] { page[1] = 7; });
    EXPECT_EQ(trap.vector, page_fault);
    EXPECT_EQ(trap.error & (fault_present | fault_write), fault_present | fault_write);
    EXPECT_EQ(page[1], 0);
    make_writable(const_cast<uint64_t*>(page));
}
GUEST_CASE(unaligned_write_across_two_entries) {
    auto* const slot = reinterpret_cast<char*>(const_cast<uint64_t*>(empty_slot()));
    const Trap trap = try_store(slot + 4, ~0UL);
    EXPECT_EQ(trap.vector, page_fault);
    EXPECT_EQ(*reinterpret_cast<uint64_t*>(slot), 0);
    EXPECT_EQ(*reinterpret_cast<uint64_t*>(slot + 8), 0);
}
GUEST_CASE(registers_survive_the_emulation) {
    void* page = alloc_page();
    volatile uint64_t* const slot = empty_slot();
    const uint64_t value = entry(mfn_of(page), page_flags);
    uint64_t flags_before, flags_after, a = 0x1111, c = 0x2222, d = 0x3333, high = 0;
    asm volatile("mov $0x4444, %%r8\n cmp $5, %[a]\n pushfq\n pop %[before]\n mov %[value], (%[slot])\n pushfq\n pop "
                 "%[after]\n mov %%r8, %[high]"
                 : [a] "+a"(a), "+c"(c),
                   "+d"(d), [high] "=&r"(high), [before] "=&r"(flags_before), [after] "=&r"(flags_after)
                 : [value] "S"(value), [slot] "D"(slot)
                 : "memory", "cc", "r8");
    EXPECT_EQ(a, 0x1111);
    EXPECT_EQ(c, 0x2222);
    EXPECT_EQ(d, 0x3333);
    EXPECT_EQ(high, 0x4444);
    EXPECT_EQ(flags_before & 0xcd5, flags_after & 0xcd5);
    *slot = 0;
}

// One slot, written by an instruction in `text` that has the slot in rdi and an entry in rsi and rdx.
#define WRITE_SLOT(slot, value, text)                                                                                  \
    attempt([=] {                                                                                                      \
        uint64_t entry_to_copy = value;                                                                                \
        unsigned long to = reinterpret_cast<unsigned long>(slot),                                                      \
                      from = reinterpret_cast<unsigned long>(&entry_to_copy);                                          \
        asm volatile(text : "+D"(to), "+S"(from) : "d"(value) : "rax", "rbx", "rcx", "cc", "memory");                  \
    }).vector

GUEST_CASE(copied_by_string_instructions) {
    void* page = alloc_page();
    auto* const slot = const_cast<uint64_t*>(empty_slot());
    const uint64_t value = entry(mfn_of(page), page_flags);
    EXPECT_EQ(WRITE_SLOT(slot, value, "movsq"), no_trap);
    EXPECT_EQ(*slot & frame_mask, value & frame_mask);
    EXPECT_EQ(WRITE_SLOT(slot, 0ul, "mov $1, %%ecx\n rep movsq"), no_trap);
    EXPECT_EQ(*slot, 0);
}
GUEST_CASE(flags_changed_by_arithmetic) {
    void* page = alloc_page();
    auto* const slot = const_cast<uint64_t*>(empty_slot());
    const uint64_t value = entry(mfn_of(page), page_flags & ~pte_write);
    EXPECT_EQ(set_entry(slot, value), 0);
    EXPECT_EQ(WRITE_SLOT(slot, value, "stc\n adcq $1, (%%rdi)"), no_trap);
    EXPECT_EQ(*slot & pte_write, pte_write);
    EXPECT_EQ(WRITE_SLOT(slot, value, "stc\n sbbq $1, (%%rdi)"), no_trap);
    EXPECT_EQ(*slot & pte_write, 0);
    EXPECT_EQ(WRITE_SLOT(slot, value, "decq (%%rdi)"), no_trap); // no longer present
    EXPECT_EQ(*slot & pte_present, 0);
    EXPECT_EQ(WRITE_SLOT(slot, value, "incq (%%rdi)"), no_trap);
    EXPECT_EQ(*slot & pte_present, pte_present);
    EXPECT_EQ(set_entry(slot, 0), 0);
}
