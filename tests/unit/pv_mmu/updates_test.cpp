// SPDX-License-Identifier: MIT
// Single entries: mmu_update, update_va_mapping, trapped writes, foreign frames, grants.
#include "pv_mmu_fixture.h"

namespace skerry {
namespace {

using UpdatesTest = PvMmuTest;

TEST_F(UpdatesTest, MapRemapUnmap) {
    build();
    Mfn data = allocate();
    EXPECT_TRUE(map(data, read_write).ok());
    EXPECT_EQ(word(data).uses(), 1u);
    EXPECT_TRUE(map(data, read_write | pte::no_execute).ok());
    EXPECT_EQ(word(data).uses(), 1u);
    EXPECT_TRUE(map(data, read_only).ok());
    EXPECT_EQ(word(data).uses(), 0u);
    EXPECT_EQ(word(data).references(), 2u);
    EXPECT_TRUE(unmap(data).ok());
    EXPECT_EQ(word(data).references(), 1u);
    EXPECT_TRUE(update(l1, 9, 0xdead0000).ok()) << "not present: anything goes";
}

TEST_F(UpdatesTest, Refusals) {
    build();
    Mfn data = allocate(), foreign = allocate(other);
    EXPECT_EQ(map(foreign, read_only).error(), Error::busy);
    EXPECT_EQ(map(l2, read_write).error(), Error::busy);
    EXPECT_EQ(map(Mfn(0), read_only).error(), Error::busy);
    EXPECT_EQ(update(foreign, 0, 0).error(), Error::invalid) << "someone else's frame";
    EXPECT_EQ(update(Mfn(0), 0, 0).error(), Error::invalid);
    EXPECT_EQ(update(machine.io_frame(), 0, 0).error(), Error::invalid);
    EXPECT_EQ(update(l1, 1, to(data, read_write | pte::cache_disable)).error(), Error::invalid);
    EXPECT_EQ(update(l1, 1, 0, 4).error(), Error::no_system_call);
    EXPECT_EQ(update(l4, 256, 0).error(), Error::invalid) << "xen-core's slots";
    EXPECT_EQ(update(l4, 271, to(l3, table_entry)).error(), Error::invalid);
    EXPECT_TRUE(update(l4, 272, to(l3, table_entry)).ok());
    EXPECT_EQ(word(l3).uses(), 2u);
    EXPECT_EQ(update(l4, 1, to(l2, table_entry)).error(), Error::invalid);
    EXPECT_EQ(update(l3, 1, to(l2, table_entry | pte::page_size_or_pat)).error(), Error::invalid);
    EXPECT_EQ(update(l2, 1, to(data, table_entry | pte::page_size_or_pat)).error(), Error::invalid);
    EXPECT_EQ(update_va(GuestVirt(layout::core_start), 0).error(), Error::invalid);
    EXPECT_EQ(update_va(GuestVirt(0x800000000000), 0).error(), Error::invalid);
    EXPECT_EQ(update_va(GuestVirt(uint64_t{1} << 30), 0).error(), Error::invalid) << "no table there";
}

TEST_F(UpdatesTest, ManyAtOnce) {
    build();
    Mfn data = allocate();
    host_guest_memory.bytes.assign(4096, 0);
    auto* requests = reinterpret_cast<mmu_update_t*>(host_guest_memory.bytes.data());
    GuestHandle<mmu_update_t> handle(host_guest_memory.base);
    for (unsigned i = 0; i < 256; ++i) requests[i] = {address_of(l1).value + 8 * (i + 200), to(data, read_write)};
    uint32_t done = 0;
    WorkBudget plenty(10000);
    EXPECT_TRUE(mmu.update_all(handle, 200, nullptr, plenty, done).ok());
    EXPECT_EQ(done, 200u);
    EXPECT_EQ(word(data).uses(), 200u);
    // The budget ends it between two requests.
    WorkBudget small(100);
    EXPECT_EQ(mmu.update_all(handle, 200, nullptr, small, done).error(), Error::restart);
    EXPECT_EQ(done, 128u);
    // A bad one ends it, the ones before stand.
    requests[5].val = to(allocate(other), read_only);
    for (unsigned i = 0; i < 5; ++i) requests[i].val = 0;
    EXPECT_EQ(mmu.update_all(handle, 200, nullptr, plenty, done).error(), Error::busy);
    EXPECT_EQ(done, 5u);
    EXPECT_EQ(word(data).uses(), 195u);
    // Where nothing can be read.
    EXPECT_EQ(mmu.update_all(handle.advanced(250), 20, nullptr, plenty, done).error(), Error::bad_address);
    EXPECT_EQ(done, 6u);
    EXPECT_EQ(mmu.update_all(GuestHandle<mmu_update_t>(layout::core_start), 1, nullptr, plenty, done).error(),
              Error::bad_address);
    EXPECT_EQ(done, 0u);
    EXPECT_TRUE(mmu.update_all(handle, 0, nullptr, plenty, done).ok());
}

TEST_F(UpdatesTest, OrdinaryMemoryIsWritten) {
    build();
    Mfn data = allocate();
    EXPECT_TRUE(update(data, 3, 0x1234567).ok());
    EXPECT_EQ(machine.page(data)[3], 0x1234567u);
    EXPECT_EQ(word(data).references(), 1u);
}

TEST_F(UpdatesTest, AccessedAndDirtyAreKeptOnRequest) {
    build();
    Mfn data = allocate();
    ASSERT_TRUE(map(data, pte::present | pte::writable).ok());
    uint64_t& slot = entry(l1, static_cast<unsigned>(data.value));
    slot |= pte::accessed | pte::dirty; // the hardware
    EXPECT_TRUE(update(l1, static_cast<unsigned>(data.value), to(data, pte::present | pte::writable | pte::no_execute),
                       MMU_PT_UPDATE_PRESERVE_AD)
                    .ok());
    EXPECT_TRUE(Pte(slot).has(pte::accessed | pte::dirty | pte::no_execute));
    EXPECT_TRUE(update(l1, static_cast<unsigned>(data.value), to(data, pte::present | pte::writable)).ok());
    EXPECT_FALSE(slot & pte::dirty);
}

TEST_F(UpdatesTest, MachineToPhysical) {
    build();
    Mfn data = allocate();
    EXPECT_TRUE(update(data, 0, 77, MMU_MACHPHYS_UPDATE).ok());
    EXPECT_EQ(m2p_base[data.value], 77u);
    Mfn foreign = allocate(other);
    EXPECT_EQ(update(foreign, 0, 77, MMU_MACHPHYS_UPDATE).error(), Error::invalid);
    EXPECT_EQ(m2p_base[foreign.value], invalid_m2p_entry);
    EXPECT_EQ(update(machine.io_frame(), 0, 77, MMU_MACHPHYS_UPDATE).error(), Error::invalid);
}

TEST_F(UpdatesTest, UpperEntries) {
    build();
    Mfn table = allocate(), data = allocate();
    entry(table, 0) = to(data, read_write);
    EXPECT_TRUE(update(l2, 1, to(table, table_entry)).ok());
    EXPECT_TRUE(word(table).is_used_as(FrameType::l1));
    EXPECT_EQ(word(data).uses(), 1u);
    EXPECT_TRUE(update(l2, 1, to(table, table_entry | pte::no_execute)).ok());
    EXPECT_EQ(word(table).uses(), 1u);
    Mfn second = allocate();
    EXPECT_TRUE(update(l2, 1, to(second, table_entry)).ok());
    EXPECT_EQ(word(table).uses(), 0u);
    EXPECT_EQ(word(data).uses(), 0u);
    EXPECT_TRUE(update(l2, 1, 0).ok());
    EXPECT_EQ(word(second).uses(), 0u);
}

TEST_F(UpdatesTest, AFrameIsFlushedBeforeItBecomesATable) {
    build();
    Mfn data = allocate();
    ASSERT_TRUE(map(data, read_write).ok());
    ASSERT_TRUE(unmap(data).ok());
    model.walk_all();
    uint64_t before = machine.flushes;
    EXPECT_TRUE(pin(data, 1).ok());
    EXPECT_EQ(machine.flushes, before + 1) << "CPU 0 could still write it";
    EXPECT_TRUE(unpin(data).ok());
    EXPECT_TRUE(map(data, read_write).ok());
    EXPECT_EQ(machine.flushes, before + 2) << "CPU 0 could still walk it as a table";
    EXPECT_TRUE(unmap(data).ok());
    EXPECT_TRUE(map(data, read_write).ok());
    EXPECT_EQ(machine.flushes, before + 2) << "no change of use";
}

TEST_F(UpdatesTest, AFrameIsFlushedBeforeItIsFree) {
    build();
    Mfn data = allocate();
    ASSERT_TRUE(map(data, read_only).ok());
    ASSERT_TRUE(release(data).ok());
    EXPECT_EQ(frame(data).owner(), &domain.account) << "still mapped";
    uint64_t before = machine.flushes;
    ASSERT_TRUE(unmap(data).ok());
    EXPECT_EQ(machine.flushes, before + 1);
    EXPECT_EQ(frame(data).owner(), nullptr);
    EXPECT_EQ(release(data).error(), Error::invalid);
}

TEST_F(UpdatesTest, IoMemory) {
    build();
    EXPECT_EQ(map(machine.io_frame(), read_write).error(), Error::not_permitted);
    domain.io_allowed.insert(machine.io_frame().value);
    EXPECT_TRUE(update(l1, 3, to(machine.io_frame(), read_write | pte::cache_disable)).ok());
    EXPECT_TRUE(update(l1, 3, 0).ok());
    EXPECT_EQ(update(l1, 3, to(Mfn(uint64_t{1} << 24), read_write)).error(), Error::invalid) << "beyond the machine";
    EXPECT_EQ(update(l1, 3, to(Mfn((uint64_t{1} << 24) - 1), read_write)).error(), Error::not_permitted);
}

TEST_F(UpdatesTest, ForeignFramesByToken) {
    build();
    Mfn foreign = allocate(other);
    ForeignAccess access = AuthorityCheck::foreign(other.account);
    EXPECT_EQ(update(l1, 3, to(foreign, read_write)).error(), Error::busy);
    EXPECT_TRUE(update(l1, 3, to(foreign, read_write), MMU_NORMAL_PT_UPDATE, &access).ok());
    EXPECT_EQ(word(foreign).uses(), 1u);
    EXPECT_EQ(update(l1, 4, to(allocate(), read_write), MMU_NORMAL_PT_UPDATE, &access).error(), Error::busy)
        << "only theirs";
    EXPECT_EQ(model.check(), "");
    uint64_t before = machine.flushes;
    EXPECT_TRUE(update(l1, 3, 0).ok());
    EXPECT_EQ(machine.flushes, before + 1) << "before the other may use it for anything else";
    EXPECT_EQ(word(foreign).references(), 1u);
}

TEST_F(UpdatesTest, AFreedForeignFrameLeavesWithItsLastMapping) {
    build();
    Mfn foreign = allocate(other);
    ForeignAccess access = AuthorityCheck::foreign(other.account);
    ASSERT_TRUE(update(l1, 3, to(foreign, read_only), MMU_NORMAL_PT_UPDATE, &access).ok());
    EXPECT_TRUE(finish([&](WorkBudget& b) { return other.mmu.release_frame(foreign, b); }).ok());
    EXPECT_EQ(frame(foreign).owner(), &other.account);
    EXPECT_EQ(model.check(), "");
    domain.account.users.leave(CpuId(0));
    model.cpus[0] = {};
    release_base(l4); // the table is taken apart
    EXPECT_EQ(frame(foreign).owner(), nullptr);
}

struct GrantTest : PvMmuTest {
    Mfn lent;
    void SetUp() override {
        build();
        lent = allocate(other);
    }
    Status map_lent(EntryPlace place, bool writable) {
        return finish([&](WorkBudget& b) -> Status {
            if (writable) {
                WritableRef held = TRY(take_writable(lent, other.account));
                return mmu.map_frame(place, held, pte::user | pte::accessed | pte::dirty, b);
            }
            FrameRef held = TRY(take_reference(lent, other.account));
            return mmu.map_frame(place, held, pte::user | pte::accessed, b);
        });
    }
    // As the grant code does: the reference of the mapping is given up only after the debt is paid.
    Status unmap_lent(EntryPlace place, bool writable = false) {
        FrameRef held = TRY(take_reference(lent, other.account));
        FlushDebt debt;
        WorkBudget budget;
        Status done = mmu.unmap_frame(place, lent, writable, debt, budget);
        debt.pay();
        return done;
    }
    EntryPlace at(unsigned index) { return EntryPlace::linear(l4, GuestVirt(uint64_t{index} << page_shift)); }
    EntryPlace slot(Mfn table, unsigned index) {
        return EntryPlace::machine(MachAddr(address_of(table).value + 8 * index));
    }
};

TEST_F(GrantTest, ByLinearAddressAndByEntry) {
    for (bool writable : {false, true})
        for (EntryPlace place : {at(7), slot(l1, 7)}) {
            ASSERT_TRUE(map_lent(place, writable).ok());
            EXPECT_EQ(word(lent).uses(), writable);
            EXPECT_EQ(word(lent).references(), 2u);
            EXPECT_EQ(Pte(entry(l1, 7)).mfn(), lent);
            EXPECT_EQ(Pte(entry(l1, 7)).is_writable(), writable);
            EXPECT_EQ(model.check(), "");
            EXPECT_EQ(unmap_lent(place, !writable).error(), Error::invalid) << "it is not as it was made";
            EXPECT_TRUE(unmap_lent(place, writable).ok());
            EXPECT_EQ(word(lent).references(), 1u);
            EXPECT_EQ(unmap_lent(place).error(), Error::invalid);
        }
}

TEST_F(GrantTest, LentToItself) {
    lent = allocate();
    FrameRef held = take_reference(lent, domain.account).value();
    WorkBudget budget;
    ASSERT_TRUE(mmu.map_frame(at(7), held, pte::user, budget).ok());
    FlushDebt debt;
    ASSERT_TRUE(mmu.unmap_frame(at(7), lent, false, debt, budget).ok());
    const auto flushes = machine.flushes;
    debt.pay();
    EXPECT_EQ(machine.flushes, flushes + 1) << "unmapping a grant flushes";
}

TEST_F(GrantTest, BadPlaces) {
    EXPECT_EQ(map_lent(slot(l2, 7), false).error(), Error::invalid);
    EXPECT_EQ(map_lent(slot(allocate(), 7), false).error(), Error::invalid);
    EXPECT_EQ(map_lent(slot(allocate(other), 7), false).error(), Error::invalid);
    EXPECT_EQ(map_lent(EntryPlace::machine(MachAddr(address_of(l1).value + 4)), false).error(), Error::invalid);
    EXPECT_EQ(map_lent(EntryPlace::machine(MachAddr(~uint64_t{7})), false).error(), Error::invalid);
    EXPECT_EQ(map_lent(EntryPlace::linear(l4, GuestVirt(layout::core_start)), false).error(), Error::invalid);
    EXPECT_EQ(map_lent(EntryPlace::linear(l4, GuestVirt(uint64_t{5} << 30)), false).error(), Error::invalid);
    EXPECT_EQ(unmap_lent(at(7)).error(), Error::invalid);
    EXPECT_EQ(word(lent).references(), 1u);
}

TEST_F(GrantTest, ReplacesWhatWasThere) {
    Mfn data = allocate();
    ASSERT_TRUE(update(l1, 7, to(data, read_write)).ok());
    ASSERT_TRUE(map_lent(at(7), true).ok());
    EXPECT_EQ(word(data).uses(), 0u);
    EXPECT_TRUE(unmap(Mfn(7)).ok()) << "the guest overwrites it itself: the entry's reference goes";
    EXPECT_EQ(word(lent).references(), 1u);
}

TEST_F(GrantTest, UnmapAndReplaceMovesTheOtherEntry) {
    Mfn data = allocate();
    ASSERT_TRUE(update(l1, 8, to(data, read_write)).ok());
    ASSERT_TRUE(map_lent(at(7), true).ok());
    auto move = [&](unsigned from) {
        FrameRef held = take_reference(lent, other.account).value();
        FlushDebt debt;
        WorkBudget budget;
        Status done = mmu.unmap_and_replace(at(7), lent, true, at(from), debt, budget);
        debt.pay();
        return done;
    };
    EXPECT_EQ(move(7).error(), Error::invalid);
    EXPECT_EQ(move(600).error(), Error::invalid);
    EXPECT_TRUE(move(8).ok());
    EXPECT_EQ(entry(l1, 8), 0u);
    EXPECT_EQ(Pte(entry(l1, 7)).mfn(), data);
    EXPECT_EQ(word(data).uses(), 1u);
    EXPECT_EQ(word(lent).references(), 1u);
}

TEST_F(UpdatesTest, TrappedWrites) {
    build();
    Mfn data = allocate();
    auto write = [&](uint64_t address, unsigned bytes, uint64_t value, const uint64_t* expected = nullptr) {
        PtWrite request{GuestVirt(address), bytes, value, expected ? *expected : 0, expected != nullptr};
        return finish([&](WorkBudget& b) { return mmu.emulate_pt_write(l4, request, b); });
    };
    const uint64_t slot3 = virt(l1).value + 8 * 3;
    EXPECT_EQ(write(slot3, 8, to(data, read_write)).value(), 0u);
    EXPECT_EQ(word(data).uses(), 1u);
    // cmpxchg that fails: nothing happens; that matches: happens.
    uint64_t expected = 5;
    EXPECT_EQ(write(slot3, 8, 0, &expected).value(), entry(l1, 3));
    EXPECT_EQ(word(data).uses(), 1u);
    expected = entry(l1, 3);
    EXPECT_EQ(write(slot3, 8, to(data, read_only), &expected).value(), expected);
    EXPECT_EQ(word(data).uses(), 0u);
    EXPECT_EQ(word(data).references(), 2u);
    // In two halves.
    EXPECT_TRUE(write(slot3, 4, 0).ok()) << "the present bit goes first";
    EXPECT_TRUE(write(slot3 + 4, 4, 0).ok());
    EXPECT_EQ(word(data).references(), 1u);
    EXPECT_EQ(write(slot3 + 7, 1, 0x80).value(), 0u);
    EXPECT_EQ(entry(l1, 3), pte::no_execute);
    // What is not ours to emulate.
    EXPECT_EQ(write(slot3 + 6, 4, 0).error(), Error::not_found) << "across two entries";
    EXPECT_EQ(write(virt(l2).value, 8, 0).error(), Error::not_found) << "only L1 tables";
    EXPECT_EQ(write(uint64_t{1} << 30, 8, 0).error(), Error::not_found);
    EXPECT_EQ(write(layout::core_start, 8, 0).error(), Error::not_found);
    EXPECT_EQ(write(0x600000, 8, 0).error(), Error::not_found);
    ASSERT_TRUE(map(data, read_only).ok());
    EXPECT_EQ(write(virt(data).value, 8, 0).error(), Error::not_found) << "read-only data";
    ASSERT_TRUE(map(data, read_write).ok());
    EXPECT_EQ(write(virt(data).value, 8, 0).error(), Error::not_found);
    // Refused entries.
    EXPECT_EQ(write(slot3, 8, to(allocate(other), read_only)).error(), Error::busy);
    EXPECT_EQ(write(slot3, 8, to(l1, read_write)).error(), Error::busy);
    EXPECT_EQ(entry(l1, 3), pte::no_execute);
}

TEST_F(UpdatesTest, FindEntry) {
    build();
    EXPECT_EQ(mmu.find_entry(l4, virt(l1)).mfn(), l1);
    EXPECT_FALSE(mmu.find_entry(l4, GuestVirt(uint64_t{1} << 40)).is_present());
    EXPECT_FALSE(mmu.find_entry(l4, GuestVirt(layout::core_start)).is_present());
}

} // namespace
} // namespace skerry
