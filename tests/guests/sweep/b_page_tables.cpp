// SPDX-License-Identifier: MIT
// Page tables: updates, extended operations, mappings by address, emulated writes; frames and entries of every kind.
#include "sweep/sweep.h"

#include <initializer_list>

using namespace skerry::guest;

namespace {

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
