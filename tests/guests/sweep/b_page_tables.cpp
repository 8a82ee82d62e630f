// SPDX-License-Identifier: MIT
// Page tables: updates, extended operations, mappings by address, emulated writes; frames and entries of every kind.
#include "sweep/sweep.h"

#include <initializer_list>

using namespace skerry::guest;

namespace {

// Frames of every kind.
struct FrameKind {
    const char* name;
    Mfn mfn;
};
uint64_t* spare_table[5]; // an unused page, and read-only pages used as L1 to L4 table
uint64_t* garbage;        // a read-only page that is no table
FrameKind frame_kinds[17];
unsigned frame_kind_count;
constexpr unsigned shared_kind = 7;

void collect_frames() {
    if (frame_kind_count != 0) return;
    const auto add = [](const char* name, Mfn mfn) { frame_kinds[frame_kind_count++] = {name, mfn}; };
    for (uint64_t*& table : spare_table) {
        table = static_cast<uint64_t*>(alloc_page());
        if (&table != spare_table) make_readonly(table);
    }
    garbage = static_cast<uint64_t*>(alloc_page());
    memset(garbage, 0x55, 4096);
    make_readonly(garbage);
    add("page", mfn_of(spare_table[0]));
    add("table1", mfn_of(spare_table[1]));
    add("table2", mfn_of(spare_table[2]));
    add("table3", mfn_of(spare_table[3]));
    add("table4", mfn_of(spare_table[4]));
    add("garbage", mfn_of(garbage));
    add("top", mfn_of(top_table()));
    add("shared", boot_info.shared_info >> 12);
    add("first", 0);
    add("video", 0xa0);
    add("apic", 0xfee00);
    add("ioapic", 0xfec00);
    add("far", 0x8000000);
    add("beyond", 0x10000000);
    add("wide", 0xfffffffffULL);
    add("huge", 0xffffffffffULL);
    add("core", 0x100);
}

uint64_t request(uint64_t pointer, uint64_t value, unsigned domain = DOMID_SELF) {
    return static_cast<uint64_t>(update(pointer, value, domain));
}

} // namespace

GUEST_CASE(extended_operations) {
    collect_frames();
    for (unsigned command = 0; command <= 22; command++) {
        if (command == MMUEXT_NEW_BASEPTR || command == MMUEXT_NEW_USER_BASEPTR) continue;
        {
            Row row("mmuext", command);
            for (unsigned i = 0; i < frame_kind_count; i++) {
                const FrameKind& kind = frame_kinds[i];
                if (command == MMUEXT_UNPIN_TABLE && kind.mfn == mfn_of(top_table())) continue;
                if ((command == MMUEXT_CLEAR_PAGE || command == MMUEXT_COPY_PAGE) && i == shared_kind) continue;
                result(row, kind.name, [&] { return mmuext(command, kind.mfn, mfn_of(spare_table[0])); });
                if (command <= MMUEXT_PIN_L4_TABLE && kind.mfn != mfn_of(top_table()))
                    mmuext(MMUEXT_UNPIN_TABLE, kind.mfn);
            }
        }
        Row row("mmuext of domain", command);
        for (const unsigned domain : {0u, 77u, unsigned{DOMID_SELF}, unsigned{DOMID_IO}, unsigned{DOMID_XEN},
                                      unsigned{DOMID_COW}, unsigned{DOMID_INVALID}, 0xffffu, 0x10000u})
            result(row, domain,
                   [&] { return mmuext(command, mfn_of(spare_table[1]), mfn_of(spare_table[0]), domain); });
        mmuext(MMUEXT_UNPIN_TABLE, mfn_of(spare_table[1]));
    }
}
GUEST_CASE(extended_operation_arguments) {
    collect_frames();
    mmuext_op call{};
    {
        Row row("mmuext lists");
        call.cmd = MMUEXT_TLB_FLUSH_LOCAL;
        unsigned done = 99;
        for (const unsigned count : {0u, 1u, 0x7fffffffu, 0x80000000u, 0x80000001u, ~0u}) {
            if (count == 0x7fffffff) continue;
            result(row, count, [&] { return hypercall(__HYPERVISOR_mmuext_op, &call, count, &done, DOMID_SELF); });
            row.add(".done", done);
        }
        result(row, "done_low", [&] { return hypercall(__HYPERVISOR_mmuext_op, &call, 1, 0x1000, DOMID_SELF); });
        result(row, "done_core",
               [&] { return hypercall(__HYPERVISOR_mmuext_op, &call, 1, 0xffff830000000000, DOMID_SELF); });
        result(row, "done_gap",
               [&] { return hypercall(__HYPERVISOR_mmuext_op, &call, 1, 0x1000000000000000, DOMID_SELF); });
    }
    {
        Row row("mmuext at");
        at_every_place(
            row, [](uint64_t at) { return hypercall(__HYPERVISOR_mmuext_op, at, 1, 0, DOMID_SELF); }, without_zeros);
    }
    for (const unsigned command : {MMUEXT_TLB_FLUSH_MULTI, MMUEXT_INVLPG_MULTI}) {
        Row row("mmuext mask", command);
        at_every_place(row, [=](uint64_t at) {
            mmuext_op flush{};
            flush.cmd = command;
            flush.arg2.vcpumask.p = reinterpret_cast<void*>(at);
            return hypercall(__HYPERVISOR_mmuext_op, &flush, 1, 0, DOMID_SELF);
        });
    }
    for (const unsigned command : {MMUEXT_INVLPG_LOCAL, MMUEXT_INVLPG_ALL}) {
        Row row("mmuext address", command);
        for (const Place& place : places) result(row, place.name, [&] { return mmuext(command, place.address); });
    }
    {
        Row row("mmuext ldt");
        for (const unsigned entries : {0u, 1u, 511u, 512u, 8191u, 8192u, 8193u, ~0u})
            for (const uint64_t base : {0UL, 1UL, 0x1000UL, 0xffff830000000000UL, 0x1000000000000000UL,
                                        0xfffffffffffff000UL, 0x7fffffff0000UL})
                result(row, base + entries, [&] { return mmuext(MMUEXT_SET_LDT, base, entries); });
        mmuext(MMUEXT_SET_LDT, 0, 0);
    }
    for (const unsigned command : {MMUEXT_NEW_BASEPTR, MMUEXT_NEW_USER_BASEPTR}) {
        Row row("mmuext base", command);
        for (unsigned i = 0; i < frame_kind_count; i++) {
            const FrameKind& kind = frame_kinds[i];
            if (i < 6) continue; // empty tables: as a base, that would be all
            result(row, kind.name, [&] { return mmuext(command, kind.mfn); });
        }
        if (command == MMUEXT_NEW_USER_BASEPTR) mmuext(command, 0);
    }
    for (const unsigned command : {MMUEXT_CLEAR_PAGE, MMUEXT_COPY_PAGE}) {
        Row row("mmuext page", command);
        auto* page = static_cast<uint64_t*>(alloc_page());
        page[7] = 7;
        result(row, "clear_or_copy", [&] { return mmuext(command, mfn_of(page), mfn_of(spare_table[0])); });
        row.add(".then", static_cast<long>(page[7]));
        for (unsigned i = 0; i < frame_kind_count; i++)
            result(row, frame_kinds[i].name, [&] { return mmuext(command, mfn_of(page), frame_kinds[i].mfn); });
    }
}
GUEST_CASE(updates) {
    collect_frames();
    for (unsigned command = 0; command < 4; command++) {
        Row row("mmu_update command", command);
        for (unsigned i = 0; i < frame_kind_count; i++) {
            const FrameKind& kind = frame_kinds[i];
            if (kind.mfn == mfn_of(top_table()) || i == shared_kind) continue;
            if (command == MMU_MACHPHYS_UPDATE && i < 8) {
                result(row, kind.name, [&] { return request(kind.mfn << 12 | command, mfn_to_pfn(kind.mfn)); });
                continue;
            }
            result(row, kind.name, [&] { return request(kind.mfn << 12 | command, 0); });
        }
    }
    {
        Row row("mmu_update lists");
        mmu_update_t call{mfn_of(spare_table[0]) << 12 | MMU_MACHPHYS_UPDATE, mfn_to_pfn(mfn_of(spare_table[0]))};
        unsigned done = 99;
        for (const unsigned count : {0u, 1u, 0x80000000u, 0x80000001u, ~0u}) {
            result(row, count, [&] { return hypercall(__HYPERVISOR_mmu_update, &call, count, &done, DOMID_SELF); });
            row.add(".done", done);
        }
        result(row, "done_low", [&] { return hypercall(__HYPERVISOR_mmu_update, &call, 1, 0x1000, DOMID_SELF); });
        result(row, "done_core",
               [&] { return hypercall(__HYPERVISOR_mmu_update, &call, 1, 0xffff830000000000, DOMID_SELF); });
    }
    {
        Row row("mmu_update at");
        at_every_place(row, [](uint64_t at) { return hypercall(__HYPERVISOR_mmu_update, at, 1, 0, DOMID_SELF); });
    }
    Row row("mmu_update of domain");
    const uint64_t slot = machine_of(l1_entry(spare_table[0])), value = *l1_entry(spare_table[0]);
    for (const unsigned domain : {0u, 77u, unsigned{DOMID_SELF}, unsigned{DOMID_IO}, unsigned{DOMID_XEN},
                                  unsigned{DOMID_COW}, unsigned{DOMID_INVALID}, 0xffffu})
        result(row, domain, [&] { return request(slot, value, domain); });
    // Another's page table: the upper half names its owner, plus one.
    for (const unsigned owner : {1u, 78u, unsigned{DOMID_SELF} + 1, unsigned{DOMID_IO} + 1, unsigned{DOMID_XEN} + 1})
        result(row, 0x10000UL + owner, [&] { return request(slot, value, DOMID_SELF | owner << 16); });
    result(row, "misaligned", [&] { return request(slot | 4, value); });
    result(row, "command3", [&] { return request(slot | 3, value); });
}
// Every flag and frame in an entry of every level.
GUEST_CASE(entries) {
    collect_frames();
    const Mfn tables[5] = {0, mfn_of(spare_table[0]), mfn_of(spare_table[1]), mfn_of(spare_table[2]),
                           mfn_of(spare_table[3])};
    for (unsigned level = 1; level <= 4; level++) {
        uint64_t* const table = static_cast<uint64_t*>(alloc_page());
        make_readonly(table);
        REQUIRE_EQ(pin(level, mfn_of(table)), 0);
        for (unsigned i = 1; i < level; i++) pin(i, mfn_of(spare_table[i]));
        for (const bool is_large_index : {false, true}) {
            // In a top table the hypervisor's own slots are elsewhere.
            uint64_t* const slot = &table[is_large_index ? 300 : 3];
            {
                Row row(is_large_index ? "entry high bit" : "entry bit", level);
                for (unsigned bit = 0; bit < 64; bit++) {
                    if (bit == 12) bit = 52; // the frame's
                    const uint64_t value = entry(tables[level], pte_present) ^ 1UL << bit;
                    result(row, bit, [&] { return set_entry(slot, value); });
                    const uint64_t now = *slot;
                    if (now != value && now != 0) row.add(".became", static_cast<long>((now ^ value) & ~(frame_mask)));
                    set_entry(slot, 0);
                }
            }
            Row row(is_large_index ? "entry high frame" : "entry frame", level);
            for (unsigned i = 0; i < frame_kind_count; i++) {
                result(row, frame_kinds[i].name,
                       [&] { return set_entry(slot, entry(frame_kinds[i].mfn, pte_present | pte_user)); });
                set_entry(slot, 0);
                result(row, ".w", [&] { return set_entry(slot, entry(frame_kinds[i].mfn, table_flags)); });
                set_entry(slot, 0);
            }
        }
        if (level == 4) {
            Row row("slots of a top table");
            for (const unsigned index :
                 {0u, 1u, 255u, 256u, 257u, 258u, 259u, 260u, 261u, 262u, 263u, 271u, 272u, 273u, 510u, 511u}) {
                result(row, index, [&] { return set_entry(&table[index], 0); });
                result(row, ".present", [&] { return set_entry(&table[index], entry(tables[4], table_flags)); });
                if (index < 256 || index > 271) set_entry(&table[index], 0);
            }
            Row contents("what a top table shows");
            for (const unsigned index : {255u, 256u, 257u, 258u, 259u, 260u, 261u, 271u, 272u})
                contents.add(index, static_cast<long>(table[index] & 0xfff));
        }
        unpin(mfn_of(table));
        for (unsigned i = 1; i < level; i++) unpin(mfn_of(spare_table[i]));
    }
}
GUEST_CASE(mappings) {
    collect_frames();
    window_map(9, entry(mfn_of(spare_table[0]), page_flags)); // makes its table
    {
        Row row("va flags");
        for (unsigned long flags = 0; flags < 12; flags++)
            result(row, flags, [&] { return set_mapping(window(9), 0, flags); });
        for (const uint64_t flags : {~0UL, 0x1000UL, 0xffff830000000000UL, 0x1000000000000000UL})
            for (const unsigned low : {0u, 1u, 2u})
                result(row, (flags & ~3UL) | low, [&] { return set_mapping(window(9), 0, (flags & ~3UL) | low); });
    }
    {
        Row row("va address");
        for (const uint64_t at : {0UL, 1UL, 0x1000UL, 0x7ffffffff000UL, 0x800000000000UL, 0xffff7ffffffff000UL,
                                  0xffff800000000000UL, 0xffff820000000000UL, 0xffff87fffffff000UL,
                                  0xffff880000000000UL, 0xfffffffffffff000UL, 0x1000000000000000UL})
            result(row, at, [=] { return set_mapping(reinterpret_cast<void*>(at), 0); });
        result(row, "misaligned", [] { return set_mapping(static_cast<char*>(window(9)) + 5, 0); });
    }
    {
        Row row("va frame");
        for (unsigned i = 0; i < frame_kind_count; i++) {
            result(row, frame_kinds[i].name,
                   [&] { return set_mapping(window(9), entry(frame_kinds[i].mfn, pte_present | pte_user)); });
            result(row, ".w", [&] { return set_mapping(window(9), entry(frame_kinds[i].mfn, page_flags)); });
            set_mapping(window(9), 0);
        }
    }
    for (const unsigned domain : {0u, 77u, unsigned{DOMID_SELF}, unsigned{DOMID_IO}, unsigned{DOMID_XEN},
                                  unsigned{DOMID_COW}, unsigned{DOMID_INVALID}, 0xffffu}) {
        Row row("va frame of domain", domain);
        for (unsigned i = 0; i < frame_kind_count; i++) {
            result(row, frame_kinds[i].name, [&] {
                return set_mapping_of(window(9), entry(frame_kinds[i].mfn, pte_present | pte_user), domain);
            });
            result(row, ".w", [&] { return set_mapping_of(window(9), entry(frame_kinds[i].mfn, page_flags), domain); });
            set_mapping(window(9), 0);
        }
    }
}
// What a mapping is like that has each flag, and which flags one reads back.
GUEST_CASE(flags_of_mappings) {
    collect_frames();
    Row row("page with flag");
    for (unsigned bit = 1; bit < 64; bit++) {
        if (bit >= 12 && bit < 52) continue;
        const uint64_t value = entry(mfn_of(spare_table[0]), pte_present) ^ 1UL << bit;
        const long set = set_mapping(window(9), value);
        row.add(bit, set);
        if (set != 0) continue;
        row.add(".entry", static_cast<long>(*l1_entry(window(9)) & ~frame_mask));
        row.trap(".read", try_read(window(9)));
        row.trap(".write", try_write(window(9)));
        row.trap(".run", attempt([] { asm volatile("call *%0" ::"r"(window(9)) : "memory"); }));
        set_mapping(window(9), 0);
    }
}
GUEST_CASE(writes_to_tables) {
    collect_frames();
    for (unsigned level = 1; level <= 4; level++) {
        auto* const table = static_cast<uint64_t*>(alloc_page());
        make_readonly(table);
        REQUIRE_EQ(pin(level, mfn_of(table)), 0);
        const Mfn below = mfn_of(spare_table[level - 1]);
        const uint64_t good = entry(below, level == 1 ? page_flags : table_flags);
        Row row("write to table", level);
        uint64_t* slot = &table[5];
        row.trap("store", attempt([=] { *static_cast<volatile uint64_t*>(slot) = good; }), 0);
        row.add(".then", static_cast<long>(*slot & 0xfff));
        row.trap("clear", attempt([=] { *static_cast<volatile uint64_t*>(slot) = 0; }));
        row.trap("bad", attempt([=] { *static_cast<volatile uint64_t*>(slot) = entry(0x10000000, table_flags); }));
        row.trap("store32",
                 attempt([=] { *reinterpret_cast<volatile uint32_t*>(slot) = static_cast<uint32_t>(good); }));
        row.trap("store32high",
                 attempt([=] { reinterpret_cast<volatile uint32_t*>(slot)[1] = static_cast<uint32_t>(good >> 32); }));
        row.trap("store8", attempt([=] { *reinterpret_cast<volatile uint8_t*>(slot) = static_cast<uint8_t>(good); }));
        row.trap("across",
                 attempt([=] { *reinterpret_cast<volatile uint64_t*>(reinterpret_cast<uint8_t*>(slot) + 4) = 0; }));
        set_entry(slot, 0);
        row.trap("xchg", attempt([=] { __atomic_exchange_n(slot, good, __ATOMIC_SEQ_CST); }));
        row.add(".then", static_cast<long>(*slot & 0xfff));
        row.trap("cmpxchg", attempt([=] {
                     uint64_t expected = good;
                     __atomic_compare_exchange_n(slot, &expected, uint64_t{0}, false, __ATOMIC_SEQ_CST,
                                                 __ATOMIC_SEQ_CST);
                 }));
        row.add(".then", static_cast<long>(*slot & 0xfff));
        row.trap("or", attempt([=] { asm volatile("orq %1, %0" : "+m"(*slot) : "r"(good)); }));
        row.add(".then", static_cast<long>(*slot & 0xfff));
        row.trap("lock_and", attempt([=] { asm volatile("lock andq $0, %0" : "+m"(*slot)); }));
        row.trap("bts", attempt([=] { asm volatile("btsq $0, %0" : "+m"(*slot)); }));
        row.trap("btr", attempt([=] { asm volatile("btrq $0, %0" : "+m"(*slot)); }));
        row.trap("inc", attempt([=] { asm volatile("incq %0" : "+m"(*slot)); }));
        set_entry(slot, 0);
        row.trap("add", attempt([=] { asm volatile("addq %1, %0" : "+m"(*slot) : "r"(good)); }));
        set_entry(slot, 0);
        row.trap("xadd", attempt([=] {
                     uint64_t value = good;
                     asm volatile("lock xaddq %1, %0" : "+m"(*slot), "+r"(value));
                 }));
        set_entry(slot, 0);
        row.trap("not", attempt([=] { asm volatile("notq %0" : "+m"(*slot)); }));
        row.trap("neg", attempt([=] { asm volatile("negq %0" : "+m"(*slot)); }));
        row.trap("shl", attempt([=] { asm volatile("shlq $1, %0" : "+m"(*slot)); }));
        row.trap("stos", attempt([=] {
                     uint64_t* at = slot;
                     asm volatile("stosq" : "+D"(at) : "a"(good) : "memory");
                 }));
        row.trap("rep_stos", attempt([=] {
                     uint64_t* at = slot;
                     uint64_t n = 3;
                     asm volatile("rep stosq" : "+D"(at), "+c"(n) : "a"(good) : "memory");
                 }));
        row.add(".then", static_cast<long>(table[7] & 0xfff));
        row.trap("movs", attempt([=] {
                     uint64_t* at = slot;
                     const uint64_t* from = &good;
                     asm volatile("movsq" : "+D"(at), "+S"(from)::"memory");
                 }));
        row.trap("movnti", attempt([=] { asm volatile("movnti %1, %0" : "=m"(*slot) : "r"(good)); }));
        row.trap("pop", attempt([=] { asm volatile("push %1\n popq %0" : "=m"(*slot) : "r"(good)); }));
        row.trap("cmpxchg8b", attempt([=] {
                     asm volatile("cmpxchg8b %0"
                                  : "+m"(*slot)
                                  : "a"(0), "d"(0), "b"(static_cast<uint32_t>(good)),
                                    "c"(static_cast<uint32_t>(good >> 32))
                                  : "memory");
                 }));
        row.trap("cmpxchg16b", attempt([=] {
                     asm volatile("cmpxchg16b %0" : "+m"(table[6]) : "a"(0), "d"(0), "b"(good), "c"(0) : "memory");
                 }));
        row.trap("movdir", attempt([=] { asm volatile("movq %%rsp, %0" : "=m"(*slot)); }));
        for (unsigned i = 4; i < 9; i++) set_entry(&table[i], 0);
        unpin(mfn_of(table));
    }
}
GUEST_CASE(descriptors) {
    auto* const page = static_cast<uint64_t*>(alloc_page());
    for (const bool is_in_table : {false, true}) {
        if (is_in_table) {
            make_readonly(page);
            xen_ulong_t frame = mfn_of(page);
            REQUIRE_EQ(hypercall(__HYPERVISOR_set_gdt, &frame, 16), 0);
        }
        // Access byte: type, system bit, privilege level, present.
        Row row(is_in_table ? "descriptor in table" : "descriptor");
        for (unsigned access = 0; access < 256; access++) {
            const uint64_t descriptor = 0x00af00000000ffff | static_cast<uint64_t>(access) << 40;
            const long set = hypercall(__HYPERVISOR_update_descriptor, machine_of(page + 4), descriptor);
            row.add(access, set);
            if (set == 0 && page[4] != descriptor) row.add(".became", static_cast<long>(page[4]));
        }
        Row flags(is_in_table ? "descriptor flags in table" : "descriptor flags");
        for (unsigned flag = 0; flag < 16; flag++)
            for (const unsigned access : {0xfau, 0xf2u, 0x9au, 0x92u, 0xfeu, 0xf6u}) {
                const uint64_t descriptor =
                    0x000f00000000ffff | static_cast<uint64_t>(access) << 40 | static_cast<uint64_t>(flag) << 52;
                result(flags, flag << 8 | access,
                       [&] { return hypercall(__HYPERVISOR_update_descriptor, machine_of(page + 4), descriptor); });
                if (page[4] != descriptor && page[4] != 0) flags.add(".became", static_cast<long>(page[4]));
            }
        hypercall(__HYPERVISOR_update_descriptor, machine_of(page + 4), 0);
    }
    hypercall(__HYPERVISOR_set_gdt, nullptr, 0);
    make_writable(page);
    Row row("update_descriptor");
    const uint64_t good = 0x00cff3000000ffff;
    result(row, "misaligned", [&] { return hypercall(__HYPERVISOR_update_descriptor, machine_of(page) + 4, good); });
    for (unsigned i = 0; i < frame_kind_count; i++)
        if (i != 0 && i != 6)
            result(row, frame_kinds[i].name,
                   [&] { return hypercall(__HYPERVISOR_update_descriptor, frame_kinds[i].mfn << 12, good); });
    Row tables("set_gdt");
    xen_ulong_t frames[16];
    for (unsigned i = 0; i < frame_kind_count; i++) {
        frames[0] = frame_kinds[i].mfn;
        result(tables, frame_kinds[i].name, [&] { return hypercall(__HYPERVISOR_set_gdt, frames, 1); });
        hypercall(__HYPERVISOR_set_gdt, frames, 0);
    }
    frames[0] = mfn_of(page);
    for (const unsigned entries : {0u, 1u, 511u, 512u, 513u, 7167u, 7168u, 7169u, 0x10000u, ~0u}) {
        for (xen_ulong_t& frame : frames) frame = mfn_of(page);
        result(tables, entries, [&] { return hypercall(__HYPERVISOR_set_gdt, frames, entries); });
    }
    hypercall(__HYPERVISOR_set_gdt, nullptr, 0);
    Row places_row("set_gdt at");
    at_every_place(places_row, [](uint64_t at) { return hypercall(__HYPERVISOR_set_gdt, at, 1); });
    hypercall(__HYPERVISOR_set_gdt, nullptr, 0);
}
GUEST_CASE(reservations) {
    static uint64_t list[64];
    for (const unsigned command : {XENMEM_increase_reservation, XENMEM_decrease_reservation, XENMEM_populate_physmap}) {
        Row row("reservation", command);
        for (const unsigned domain :
             {0u, 77u, unsigned{DOMID_SELF}, unsigned{DOMID_IO}, unsigned{DOMID_XEN}, 0xffffu}) {
            for (const unsigned order : {0u, 1u, 9u, 10u, 18u, 19u, 64u, ~0u}) {
                for (const unsigned long count : {0UL, 1UL, 1UL << 26, ~0UL}) {
                    if (command != XENMEM_decrease_reservation && domain != 77 && count > 1 && order < 19) continue;
                    xen_memory_reservation call{};
                    list[0] = 0x10000000; // no frame of ours
                    call.extent_start.p = list;
                    call.nr_extents = count;
                    call.extent_order = order;
                    call.domid = static_cast<domid_t>(domain);
                    const unsigned long key =
                        static_cast<unsigned long>(domain) << 32 | (order & 0xff) << 8 | (count & 0xff);
                    volatile long got = 0;
                    const Trap trap = attempt([&] { got = memory_op(command, &call); });
                    row.trap(key, trap, got);
                    if (got == 1 && command != XENMEM_decrease_reservation)
                        memory_op(XENMEM_decrease_reservation, &call);
                }
            }
        }
        Row flags("reservation flags", command);
        for (unsigned bit = 0; bit < 32; bit++) {
            xen_memory_reservation call{};
            list[0] = 0x30000;
            call.extent_start.p = list;
            call.nr_extents = 1;
            call.mem_flags = 1u << bit;
            call.domid = DOMID_SELF;
            result(flags, bit, [&] { return memory_op(command, &call); });
            if (command != XENMEM_decrease_reservation && list[0] != 0x30000)
                memory_op(XENMEM_decrease_reservation, &call);
        }
        Row kinds("reservation frames", command);
        for (unsigned i = 0; i < frame_kind_count; i++) {
            if (command != XENMEM_decrease_reservation || i == 0 || i == 5 || i == shared_kind) continue;
            list[0] = frame_kinds[i].mfn;
            xen_memory_reservation call{};
            call.extent_start.p = list;
            call.nr_extents = 1;
            call.domid = DOMID_SELF;
            result(kinds, frame_kinds[i].name, [&] { return memory_op(command, &call); });
        }
    }
}
GUEST_CASE(exchanges) {
    static uint64_t in[4], out[4];
    Row row("exchange");
    for (const unsigned in_order : {0u, 1u, 9u, 10u, 64u})
        for (const unsigned out_order : {0u, 1u, 10u, 64u})
            for (const unsigned long count : {0UL, 1UL, 1UL << 26, ~0UL}) {
                xen_memory_exchange call{};
                in[0] = 0x10000000;
                call.in.extent_start.p = in;
                call.out.extent_start.p = out;
                call.in.nr_extents = call.out.nr_extents = count;
                call.in.extent_order = in_order;
                call.out.extent_order = out_order;
                call.in.domid = call.out.domid = DOMID_SELF;
                result(row, (in_order & 0xff) << 16 | (out_order & 0xff) << 8 | (count & 0xff),
                       [&] { return memory_op(XENMEM_exchange, &call); });
            }
    for (unsigned i = 0; i < frame_kind_count; i++) {
        if (i == 0 || i == 6) continue;
        xen_memory_exchange call{};
        in[0] = frame_kinds[i].mfn;
        out[0] = 0x7000;
        call.in.extent_start.p = in;
        call.out.extent_start.p = out;
        call.in.nr_extents = call.out.nr_extents = 1;
        call.in.domid = call.out.domid = DOMID_SELF;
        result(row, frame_kinds[i].name, [&] { return memory_op(XENMEM_exchange, &call); });
        row.add(".exchanged", static_cast<long>(call.nr_exchanged));
    }
    for (const unsigned domain : {0u, 77u, unsigned{DOMID_SELF}, unsigned{DOMID_IO}, 0xffffu})
        for (const unsigned other : {0u, 77u, unsigned{DOMID_SELF}}) {
            xen_memory_exchange call{};
            call.in.domid = static_cast<domid_t>(domain);
            call.out.domid = static_cast<domid_t>(other);
            call.in.extent_start.p = in;
            call.out.extent_start.p = out;
            result(row, static_cast<unsigned long>(domain) << 16 | other,
                   [&] { return memory_op(XENMEM_exchange, &call); });
        }
}
GUEST_CASE(queries_about_memory) {
    for (const unsigned command : {XENMEM_current_reservation, XENMEM_maximum_reservation, XENMEM_maximum_gpfn}) {
        Row row("memory query", command);
        for (const unsigned domain :
             {0u, 77u, unsigned{DOMID_SELF}, unsigned{DOMID_IO}, unsigned{DOMID_XEN}, unsigned{DOMID_COW}, 0xffffu}) {
            domid_t id = static_cast<domid_t>(domain);
            result(row, domain, [&] { return memory_op(command, &id); });
        }
    }
    Row row("machphys");
    static xen_pfn_t list[64];
    for (const unsigned count : {0u, 1u, 2u, 64u, ~0u}) {
        xen_machphys_mfn_list call{};
        call.max_extents = count;
        call.extent_start.p = list;
        result(row, count, [&] { return memory_op(XENMEM_machphys_mfn_list, &call); });
        row.add(".extents", call.nr_extents);
        result(row, ".compat", [&] { return memory_op(XENMEM_machphys_compat_mfn_list, &call); });
    }
    xen_machphys_mapping mapping{};
    result(row, "mapping", [&] { return memory_op(XENMEM_machphys_mapping, &mapping); });
    row.add("start", static_cast<long>(mapping.v_start))
        .add("end", static_cast<long>(mapping.v_end))
        .add(".max", static_cast<long>(mapping.max_mfn));
    Row map_row("memory_map");
    static uint8_t buffer[128 * 20];
    for (const unsigned command : {XENMEM_memory_map, XENMEM_machine_memory_map})
        for (const unsigned count : {0u, 1u, 2u, 128u, ~0u}) {
            xen_memory_map call{};
            call.nr_entries = count;
            call.buffer.p = buffer;
            result(map_row, command << 8 | (count & 0xff), [&] { return memory_op(command, &call); });
            map_row.add(".entries", call.nr_entries);
            call.nr_entries = count;
            call.buffer.p = nullptr;
            result(map_row, ".without_buffer", [&] { return memory_op(command, &call); });
            map_row.add(".entries", call.nr_entries);
        }
    // The map that the first domain sees.
    xen_memory_map call{};
    call.nr_entries = 128;
    call.buffer.p = buffer;
    if (memory_op(XENMEM_machine_memory_map, &call) == 0)
        for (unsigned i = 0; i < call.nr_entries; i++) {
            uint64_t start, size;
            uint32_t kind;
            memcpy(&start, buffer + i * 20, 8);
            memcpy(&size, buffer + i * 20 + 8, 8);
            memcpy(&kind, buffer + i * 20 + 16, 4);
            Row("machine map entry", start).add("size", static_cast<long>(size)).add("kind", kind);
        }
    Row set_row("set_memory_map");
    for (const unsigned domain : {0u, 77u, unsigned{DOMID_SELF}, 0xffffu})
        for (const unsigned count : {0u, 1u, 128u, 129u, ~0u}) {
            if (count != ~0u && count != 129 && domain != 77) continue;
            xen_foreign_memory_map set{};
            set.domid = static_cast<domid_t>(domain);
            set.map.nr_entries = count;
            set.map.buffer.p = buffer;
            result(set_row, static_cast<unsigned long>(domain) << 8 | (count & 0xff),
                   [&] { return memory_op(XENMEM_set_memory_map, &set); });
        }
}
