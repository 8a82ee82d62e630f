// SPDX-License-Identifier: MIT
// Tables: pins, bases, validation, taking apart, restarts.
#include "pv_mmu_fixture.h"

namespace skerry {
namespace {

using TablesTest = PvMmuTest;

TEST_F(TablesTest, ATreeIsValidatedFromItsBase) {
    build();
    EXPECT_TRUE(word(l4).is_used_as(FrameType::l4));
    EXPECT_TRUE(word(l3).is_used_as(FrameType::l3));
    EXPECT_TRUE(word(l2).is_used_as(FrameType::l2));
    EXPECT_TRUE(word(l1).is_used_as(FrameType::l1));
    EXPECT_EQ(entry(l4, 256), host_core_slot);
    EXPECT_EQ(entry(l4, 271), host_core_slot);
    EXPECT_EQ(entry(l4, 272), 0u);
    EXPECT_EQ(model.check(), "");
    domain.account.users.leave(CpuId(0));
    model.cpus[0] = {};
    release_base(l4);
    for (Mfn table : {l4, l3, l2, l1}) {
        EXPECT_EQ(word(table).uses(), 0u);
        EXPECT_EQ(word(table).references(), 1u);
    }
    EXPECT_EQ(entry(l4, 256), 0u) << "xen-core's slots do not stay behind";
}

TEST_F(TablesTest, PinSemantics) {
    build();
    Mfn table = allocate();
    EXPECT_TRUE(pin(table, 1).ok());
    EXPECT_TRUE(word(table).is_pinned());
    EXPECT_EQ(pin(table, 1).error(), Error::invalid) << "twice";
    EXPECT_EQ(pin(table, 2).error(), Error::invalid) << "as something else";
    EXPECT_EQ(word(table).uses(), 1u);
    EXPECT_TRUE(unpin(table).ok());
    EXPECT_EQ(unpin(table).error(), Error::invalid);
    EXPECT_TRUE(pin(table, 2).ok()) << "it may become something else";
    EXPECT_TRUE(unpin(table).ok());
}

TEST_F(TablesTest, PinnedAndUsedByATableAtOnce) {
    build();
    EXPECT_TRUE(pin(l1, 1).ok());
    EXPECT_EQ(word(l1).uses(), 2u);
    EXPECT_TRUE(update(l2, 0, 0).ok());
    EXPECT_EQ(word(l1).uses(), 1u);
    EXPECT_TRUE(word(l1).is_used_as(FrameType::l1));
    EXPECT_TRUE(unpin(l1).ok());
    EXPECT_EQ(word(l1).uses(), 0u);
}

TEST_F(TablesTest, HostilePins) {
    build();
    EXPECT_EQ(pin(allocate(other), 1).error(), Error::invalid);
    EXPECT_EQ(pin(machine.io_frame(), 1).error(), Error::invalid);
    EXPECT_EQ(pin(Mfn(0), 1).error(), Error::invalid) << "xen-core's";
    EXPECT_EQ(pin(Mfn(~uint64_t{0}), 1).error(), Error::invalid);
    Mfn free_frame = allocate();
    EXPECT_TRUE(release(free_frame).ok());
    EXPECT_EQ(pin(free_frame, 1).error(), Error::invalid);
    EXPECT_EQ(unpin(l1).error(), Error::invalid) << "in use, but not pinned";
    EXPECT_EQ(unpin(Mfn(1u << 30)).error(), Error::invalid);

    Mfn data = allocate();
    ASSERT_TRUE(map(data, read_write).ok());
    EXPECT_EQ(pin(data, 1).error(), Error::invalid) << "mapped writable";
    EXPECT_TRUE(map(data, read_only).ok());
    EXPECT_TRUE(pin(data, 1).ok()) << "mapped read-only";
    EXPECT_EQ(map(data, read_write).error(), Error::busy);
    EXPECT_TRUE(unpin(data).ok());
}

TEST_F(TablesTest, BadEntriesAreRefusedAndUndone) {
    build();
    Mfn data = allocate(), foreign = allocate(other), table = allocate();
    const uint64_t bad[] = {
        to(foreign, read_only),
        to(data, read_write | pte::page_size_or_pat),
        to(data, read_write | pte::cache_disable),
        to(data, read_write | pte::write_through),
        to(machine.io_frame(), read_only),
        to(Mfn(0), read_only),
        to(l1, read_write),
        to(Mfn((uint64_t{1} << 40) - 1), read_only),
    };
    for (uint64_t value : bad) {
        machine.page(table)[0] = to(data, read_write);
        machine.page(table)[511] = value;
        EXPECT_FALSE(pin(table, 1).ok()) << std::hex << value;
        EXPECT_EQ(word(data).uses(), 0u);
        EXPECT_EQ(word(data).references(), 1u);
        EXPECT_EQ(word(table).references(), 1u);
        EXPECT_EQ(model.check(), "");
    }
    for (unsigned level = 2; level <= 4; ++level)
        for (uint64_t flag : {pte::page_size_or_pat, pte::cache_disable, pte::global}) {
            Mfn below = allocate();
            entry(table, 511) = 0;
            entry(table, 0) = to(below, table_entry | flag);
            EXPECT_EQ(pin(table, level).error(), Error::invalid);
            EXPECT_EQ(word(below).references(), 1u);
        }
}

TEST_F(TablesTest, AnL1MapsItselfReadOnly) {
    Mfn table = allocate();
    entry(table, 3) = to(table, read_write);
    EXPECT_EQ(pin(table, 1).error(), Error::busy) << "a writable mapping of itself";
    entry(table, 3) = to(table, read_only);
    EXPECT_TRUE(pin(table, 1).ok()) << "a read-only one is fine";
    EXPECT_TRUE(unpin(table).ok());
    EXPECT_EQ(word(table).references(), 1u);
}

TEST_F(TablesTest, ATableIsItsOwnEntryReadOnly) {
    Mfn table = allocate();
    for (unsigned level = 2; level <= 4; ++level) {
        entry(table, 3) = to(table, table_entry);
        EXPECT_EQ(pin(table, level).error(), Error::invalid) << "writable";
        entry(table, 3) = to(table, read_only);
        ASSERT_TRUE(pin(table, level).ok());
        EXPECT_EQ(word(table).uses(), 1u) << "the pin's alone";
        EXPECT_EQ(update(table, 3, to(table, table_entry)).error(), Error::invalid) << "it becomes writable";
        EXPECT_EQ(update(table, 3, to(table, table_entry), MMU_PT_UPDATE_PRESERVE_AD).error(), Error::invalid);
        EXPECT_TRUE(update(table, 3, to(table, pte::present | pte::no_execute)).ok());
        EXPECT_TRUE(update(table, 7, to(table, read_only)).ok()) << "twice";
        EXPECT_EQ(update(table, 8, to(table, read_write)).error(), Error::invalid);
        EXPECT_TRUE(update(table, 7, 0).ok());
        EXPECT_EQ(model.check(), "");
        EXPECT_TRUE(unpin(table).ok());
        EXPECT_EQ(word(table).references(), 1u);
        EXPECT_EQ(word(table).uses(), 0u);
    }
}

TEST_F(TablesTest, TablesLeadToOthersOfTheirLevelButNotInCycles) {
    for (unsigned level = 2; level <= 4; ++level) {
        Mfn a = allocate(), b = allocate(), c = allocate();
        for (Mfn table : {a, b, c}) memset(machine.page(table), 0, page_size);
        entry(a, 1) = to(b, read_only);
        EXPECT_TRUE(pin(a, level).ok()) << "b was nothing yet: it is a table of the level below now";
        EXPECT_EQ(word(b).type(), table_type(level - 1));
        EXPECT_TRUE(update(a, 1, 0).ok());

        EXPECT_TRUE(pin(b, level).ok());
        EXPECT_EQ(update(a, 1, to(b, table_entry)).error(), Error::invalid) << "writable";
        ASSERT_TRUE(update(a, 1, to(b, read_only)).ok());
        ASSERT_TRUE(update(a, 2, to(b, read_only)).ok());
        EXPECT_EQ(word(b).uses(), 3u);
        EXPECT_EQ(update(b, 1, to(a, read_only)).error(), Error::invalid) << "a cycle";
        EXPECT_TRUE(update(b, 1, to(b, read_only)).ok()) << "to itself is none";
        EXPECT_TRUE(pin(c, level).ok());
        EXPECT_EQ(update(b, 2, to(c, read_only)).error(), Error::invalid) << "b is led to already";
        EXPECT_EQ(update(c, 2, to(a, read_only)).error(), Error::invalid) << "a leads to b";
        EXPECT_TRUE(update(c, 2, to(b, read_only)).ok());
        EXPECT_EQ(model.check(), "");

        EXPECT_TRUE(unpin(b).ok());
        EXPECT_TRUE(word(b).is_used_as(table_type(level))) << "a and c hold it";
        EXPECT_EQ(pin(b, level - 1).error(), Error::invalid);
        EXPECT_TRUE(release(b).ok()) << "given up, not yet gone";
        EXPECT_TRUE(unpin(a).ok());
        EXPECT_TRUE(update(c, 2, to(c, read_only)).ok());
        EXPECT_EQ(frame(b).owner(), nullptr) << "the last entry that led to it is gone";
        memset(machine.page(a), 0, page_size);
        EXPECT_TRUE(pin(a, level - 1).ok());
        EXPECT_TRUE(unpin(a).ok());
        EXPECT_TRUE(unpin(c).ok());
    }
}

TEST_F(TablesTest, ATableIsNotReachedAgainFromBelow) {
    Mfn top = allocate(), below = allocate();
    for (Mfn table : {top, below}) memset(machine.page(table), 0, page_size);
    entry(top, 0) = to(below, table_entry);
    entry(below, 0) = to(top, read_only);
    for (unsigned level = 3; level <= 4; ++level) EXPECT_EQ(pin(top, level).error(), Error::invalid);
    EXPECT_EQ(word(below).uses(), 0u);
}

TEST_F(TablesTest, NothingIsWrittenByWayOfALinearEntry) {
    build();
    Mfn data = allocate();
    ASSERT_TRUE(update(l4, 5, to(l4, read_only)).ok());
    const uint64_t linear = uint64_t{5} << level_shift(4);
    EXPECT_EQ(update_va(GuestVirt(linear), to(data, read_write)).error(), Error::invalid)
        << "an L2's entry, not an L1's";
    EXPECT_FALSE(mmu.find_entry(l4, GuestVirt(linear)).is_present());
    PtWrite write{GuestVirt(linear), 8, to(data, read_write), 0, false};
    WorkBudget budget;
    EXPECT_EQ(mmu.emulate_pt_write(l4, write, budget).error(), Error::not_found);
    EXPECT_EQ(domain.account.linear_slots[0].load(), uint64_t{1} << 5);
    EXPECT_EQ(quick_read_limit.load(), 0u) << "reads look at the slots from now on";
    stop_running();
    release_base(l4);
}

TEST_F(TablesTest, LevelsAreNotMixed) {
    build();
    Mfn table = allocate();
    entry(table, 0) = to(l1, table_entry);
    EXPECT_EQ(pin(table, 3).error(), Error::invalid) << "an L1 is not an L2";
    EXPECT_TRUE(pin(table, 2).ok());
    EXPECT_EQ(word(l1).uses(), 2u);
    EXPECT_EQ(take_base(l3).error(), Error::invalid);
    EXPECT_TRUE(unpin(table).ok());
}

TEST_F(TablesTest, KernelEntriesGetTheUserBitAndAMark) {
    build();
    Mfn data = allocate();
    ASSERT_TRUE(map(data, read_write).ok());
    uint64_t kernel = entry(l1, static_cast<unsigned>(data.value));
    EXPECT_EQ(kernel, to(data, read_write | pte::user | rules::guest_kernel));
    ASSERT_TRUE(map(data, read_write | pte::user | pte::global | pte::no_execute).ok());
    uint64_t user = entry(l1, static_cast<unsigned>(data.value));
    EXPECT_EQ(user, to(data, read_write | pte::user | pte::no_execute));
    // In validation, too.
    Mfn table = allocate(), below = allocate();
    entry(table, 1) = to(below, pte::present | pte::writable);
    ASSERT_TRUE(pin(table, 2).ok());
    EXPECT_EQ(entry(table, 1), to(below, pte::present | pte::writable | pte::user));
    ASSERT_TRUE(unpin(table).ok());
}

TEST_F(TablesTest, RestartsMakeProgressAndChangeNothing) {
    Mfn top = allocate();
    std::vector<Mfn> l1s;
    for (unsigned i = 0; i < 30; ++i) {
        l1s.push_back(allocate());
        entry(top, i * 17) = to(l1s.back(), table_entry);
    }
    unsigned restarts = 0;
    for (;; ++restarts) {
        WorkBudget budget(300);
        Status pinned = mmu.pin(top, 2, budget);
        EXPECT_EQ(model.check(), "");
        if (pinned.ok()) break;
        ASSERT_EQ(pinned.error(), Error::restart);
        EXPECT_FALSE(word(top).is_pinned());
        ASSERT_LT(restarts, 100u);
    }
    EXPECT_GT(restarts, 5u);
    WorkBudget spent(1);
    EXPECT_TRUE(mmu.unpin(top, spent).ok()) << "taking it apart is left for later";
    EXPECT_EQ(model.check(), "");
    EXPECT_TRUE(finish([&](WorkBudget& b) { return mmu.settle(b); }).ok());
    for (Mfn table : l1s) EXPECT_EQ(word(table).references(), 1u);
}

// A call that takes one base after another (VCPUOP_initialise) and restarts for the second one.
TEST_F(TablesTest, ASuspendedBaseIsTakenAgainInOneStep) {
    build();
    stop_running();
    mmu.suspend_base(l4);
    domain.bases.clear();
    EXPECT_TRUE(word(l4).is_in_transition());
    EXPECT_TRUE(word(l3).is_used_as(FrameType::l3)) << "nothing below is taken apart";
    EXPECT_EQ(model.check(), "");
    WorkBudget one(1);
    ASSERT_TRUE(mmu.take_base(l4, one).ok());
    domain.bases.push_back(l4);
    EXPECT_EQ(model.check(), "");

    mmu.suspend_base(l4);
    domain.bases.clear();
    EXPECT_TRUE(update(l4, 5, 0).ok()) << "ordinary memory again";
    EXPECT_FALSE(word(l3).uses());
    EXPECT_EQ(model.check(), "");
}

TEST_F(TablesTest, ASuspendedBaseThatWasGivenUpIsFreed) {
    build();
    stop_running();
    EXPECT_TRUE(release(l4).ok());
    mmu.suspend_base(l4);
    domain.bases.clear();
    EXPECT_TRUE(finish([&](WorkBudget& b) { return mmu.settle(b); }).ok());
    EXPECT_EQ(frame(l4).owner(), nullptr);
    EXPECT_FALSE(word(l3).uses());
}

TEST_F(TablesTest, ASuspendedPromotionDoesNotBlockAnything) {
    build();
    Mfn top = allocate();
    std::vector<Mfn> below;
    for (unsigned i = 0; i < 12; ++i) {
        below.push_back(allocate());
        entry(top, i) = to(below.back(), table_entry);
    }
    auto suspend = [&] {
        WorkBudget budget(600);
        EXPECT_EQ(mmu.pin(top, 2, budget).error(), Error::restart);
        EXPECT_TRUE(word(top).is_in_transition());
    };
    // As a table of another level.
    suspend();
    EXPECT_TRUE(pin(top, 3).ok()) << "nothing else used the tables below: they became L2";
    EXPECT_TRUE(unpin(top).ok());
    suspend();
    for (unsigned i = 0; i < 12; ++i) EXPECT_TRUE(update(top, i, 0).ok()) << "ordinary memory again";
    EXPECT_TRUE(pin(top, 3).ok());
    EXPECT_TRUE(unpin(top).ok());
    // Given back.
    for (unsigned i = 0; i < 12; ++i) entry(top, i) = to(below[i], table_entry);
    suspend();
    EXPECT_TRUE(release(top).ok());
    EXPECT_TRUE(finish([&](WorkBudget& b) { return mmu.settle(b); }).ok());
    EXPECT_EQ(frame(top).owner(), nullptr);
    for (Mfn table : below) EXPECT_EQ(word(table).references(), 1u);
}

TEST_F(TablesTest, DescriptorPages) {
    build();
    Mfn page = allocate();
    uint64_t* descriptors = machine.page(page);
    descriptors[0] = 0;
    descriptors[1] = 0x00af9a000000ffff; // 64-bit code, level 0
    descriptors[2] = 0x00cff2000000ffff; // data, level 3
    descriptors[3] = 0x00000b000000ffff; // task state, not present
    auto take = [&](Mfn mfn) { return finish([&](WorkBudget& b) { return mmu.take_descriptor_page(mfn, b); }); };
    ASSERT_TRUE(take(page).ok());
    domain.descriptor_pages.push_back(page);
    EXPECT_EQ(descriptors[1], 0x00affa000000ffffu) << "level 3 now";
    EXPECT_EQ(map(page, read_write).error(), Error::busy);
    EXPECT_TRUE(map(page, read_only).ok());
    EXPECT_EQ(update(page, 5, 42).error(), Error::invalid);
    EXPECT_EQ(pin(page, 1).error(), Error::invalid);
    auto set = [&](Mfn mfn, unsigned i, uint64_t value) {
        return finish(
            [&](WorkBudget& b) { return mmu.update_descriptor(MachAddr(address_of(mfn).value + 8 * i), value, b); });
    };
    EXPECT_TRUE(set(page, 4, 0x00cff2000000ffff).ok());
    EXPECT_EQ(descriptors[4], 0x00cff2000000ffffu);
    EXPECT_EQ(set(page, 4, 0x0000ec0000080000).error(), Error::invalid) << "a call gate";
    EXPECT_EQ(set(page, 4, 0x0000890000080000).error(), Error::invalid) << "a task state";
    EXPECT_EQ(set(allocate(other), 4, 0).error(), Error::invalid);
    EXPECT_EQ(set(l1, 4, 0).error(), Error::invalid);
    Mfn plain = allocate();
    EXPECT_TRUE(set(plain, 4, 0x00cff2000000ffff).ok());
    mmu.release_descriptor_page(page);
    domain.descriptor_pages.clear();
    EXPECT_TRUE(map(page, read_write).ok());

    Mfn bad = allocate();
    machine.page(bad)[511] = 0x0000820000000000; // an LDT
    EXPECT_EQ(take(bad).error(), Error::invalid);
    EXPECT_EQ(word(bad).references(), 1u);
    EXPECT_EQ(take(l1).error(), Error::invalid);
}

TEST_F(TablesTest, UnmappingADescriptorPageForgetsLdts) {
    build();
    Mfn page = allocate();
    ASSERT_TRUE(map(page, read_only).ok());
    ASSERT_TRUE(finish([&](WorkBudget& b) { return mmu.take_descriptor_page(page, b); }).ok());
    domain.ldt_pages.push_back(page);
    EXPECT_TRUE(unmap(page).ok());
    EXPECT_TRUE(domain.ldt_pages.empty());
    EXPECT_EQ(word(page).references(), 1u);
}

TEST_F(TablesTest, RelinquishTakesEverythingApart) {
    build();
    Mfn table = allocate(), data = allocate();
    entry(table, 0) = to(data, read_write);
    entry(table, 1) = to(table, read_only);
    ASSERT_TRUE(pin(table, 1).ok());
    domain.account.users.leave(CpuId(0));
    model.cpus[0] = {};
    release_base(l4);
    domain.account.start_dying();
    unsigned calls = 0;
    for (;; ++calls) {
        WorkBudget budget(10);
        Status done = mmu.relinquish(budget);
        EXPECT_EQ(model.check(), "");
        if (done.ok()) break;
        ASSERT_EQ(done.error(), Error::restart);
    }
    EXPECT_GT(calls, 1u);
    EXPECT_TRUE(domain.account.is_settled());
}

TEST_F(TablesTest, APinOutlivesTheAllocation) {
    build();
    Mfn table = allocate(), second = allocate();
    ASSERT_TRUE(pin(table, 1).ok());
    ASSERT_TRUE(pin(second, 1).ok());
    EXPECT_TRUE(release(table).ok());
    EXPECT_TRUE(release(second).ok());
    EXPECT_TRUE(word(table).is_used_as(FrameType::l1));
    EXPECT_EQ(map(table, read_write).error(), Error::busy);
    EXPECT_EQ(release(table).error(), Error::invalid);
    EXPECT_TRUE(unpin(table).ok());
    EXPECT_EQ(frame(table).owner(), nullptr);
    // The other one is left for teardown to find.
    domain.account.users.leave(CpuId(0));
    model.cpus[0] = {};
    release_base(l4);
    EXPECT_TRUE(finish([&](WorkBudget& b) { return mmu.relinquish(b); }).ok());
    EXPECT_TRUE(domain.account.is_settled());
}

TEST_F(TablesTest, AFrameGivenUpBecomesNoTable) {
    build();
    Mfn frame_of_old = allocate();
    ASSERT_TRUE(map(frame_of_old, read_only).ok());
    ASSERT_TRUE(release(frame_of_old).ok());
    EXPECT_EQ(pin(frame_of_old, 1).error(), Error::invalid) << "teardown would not find it";
    EXPECT_EQ(word(frame_of_old).references(), 1u);
    EXPECT_TRUE(unmap(frame_of_old).ok());
}

TEST_F(TablesTest, ClearAndCopy) {
    build();
    Mfn from = allocate(), into = allocate();
    machine.page(from)[9] = 7;
    EXPECT_TRUE(mmu.copy_frame(into, from).ok());
    EXPECT_EQ(machine.page(into)[9], 7u);
    EXPECT_TRUE(mmu.clear_frame(into).ok());
    EXPECT_EQ(machine.page(into)[9], 0u);
    EXPECT_FALSE(mmu.clear_frame(l1).ok());
    EXPECT_FALSE(mmu.copy_frame(l1, from).ok());
    EXPECT_TRUE(mmu.copy_frame(into, l1).ok());
    EXPECT_FALSE(mmu.copy_frame(into, allocate(other)).ok());
}

} // namespace
} // namespace skerry
