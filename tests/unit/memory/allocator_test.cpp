// SPDX-License-Identifier: MIT
// The buddy allocator and accounts: what is given out is charged, zeroed, disjoint, of the right width, and comes back
// whole.
#include "host_machine.h"

#include "arch/x86_64/layout.h"

#include <gtest/gtest.h>
#include <random>
#include <set>

namespace skerry {
namespace {

struct AllocatorTest : testing::Test {
    HostMachine machine{1024};
    Account account{DomId(5), 600, 8};

    void release(Mfn mfn) { EXPECT_TRUE(frame(mfn).release_allocation()); }
};

TEST_F(AllocatorTest, FramesAreChargedListedAndZeroed) {
    uint64_t free_before = allocator.free_frames();
    Result<Mfn> first = allocator.allocate(account, 2);
    ASSERT_TRUE(first.ok());
    EXPECT_EQ(first.value().value % 4, 0u);
    EXPECT_EQ(account.frames(), 4u);
    EXPECT_EQ(allocator.free_frames(), free_before - 4);
    EXPECT_EQ(account.first_frame(), first.value());
    for (uint64_t i = 0; i < 4; ++i) {
        Mfn mfn = first.value() + i;
        EXPECT_EQ(frame(mfn).owner(), &account);
        EXPECT_EQ(frame(mfn).word().references(), 1u);
        EXPECT_TRUE(frame(mfn).word().is_allocated());
        EXPECT_EQ(frame(mfn).word().uses(), 0u);
        EXPECT_EQ(m2p_base[mfn.value], invalid_m2p_entry);
        for (unsigned word = 0; word < 512; ++word) EXPECT_EQ(machine.page(mfn)[word], 0u);
    }
    for (uint64_t i = 0; i < 4; ++i) release(first.value() + i);
    EXPECT_EQ(account.frames(), 0u);
    EXPECT_EQ(account.first_frame(), invalid_mfn);
    EXPECT_EQ(allocator.free_frames(), free_before);
    EXPECT_TRUE(account.is_settled());
}

TEST_F(AllocatorTest, LimitsAndDeathAreErrors) {
    account.set_max_frames(3);
    EXPECT_EQ(allocator.allocate(account, 2).error(), Error::no_memory);
    Result<Mfn> one = allocator.allocate(account, 1);
    ASSERT_TRUE(one.ok());
    EXPECT_EQ(allocator.allocate(account, 1).error(), Error::no_memory);
    account.set_max_frames(1); // below what it has
    EXPECT_EQ(allocator.allocate(account).error(), Error::no_memory);
    account.set_max_frames(600);
    account.start_dying();
    EXPECT_EQ(allocator.allocate(account).error(), Error::no_memory);
    EXPECT_EQ(allocator.allocate_core(account).error(), Error::no_memory);
    EXPECT_EQ(account.frames(), 2u);
    release(one.value());
    release(one.value() + 1);
}

TEST_F(AllocatorTest, OrdersOutOfRange) {
    EXPECT_EQ(allocator.allocate(account, max_order + 1).error(), Error::invalid);
    EXPECT_EQ(allocator.allocate(account, 64).error(), Error::invalid);
    EXPECT_EQ(allocator.allocate(account, 0, 12).error(), Error::no_memory);
}

TEST_F(AllocatorTest, AddressWidthIsKept) {
    for (unsigned bits = 13; bits < 24; ++bits) {
        Result<Mfn> mfn = allocator.allocate(account, 0, bits);
        if (!mfn.ok()) continue;
        EXPECT_LT(address_of(mfn.value()).value + page_size - 1, uint64_t{1} << bits);
        release(mfn.value());
    }
    EXPECT_FALSE(allocator.allocate(account, 9, 20).ok()); // frames 0..255, of which 0 is not free
    Result<Mfn> high = allocator.allocate(account);
    EXPECT_GE(high.value().value, 512u) << "low memory is kept for those who need it";
    release(high.value());
}

TEST_F(AllocatorTest, EverythingComesBackWhole) {
    std::mt19937 random(7);
    std::vector<std::pair<Mfn, unsigned>> held;
    std::set<uint64_t> mine;
    for (int step = 0; step < 4000; ++step) {
        if (random() % 2 && !held.empty()) {
            size_t pick = random() % held.size();
            auto [mfn, order] = held[pick];
            held.erase(held.begin() + static_cast<long>(pick));
            for (uint64_t i = 0; i < uint64_t{1} << order; ++i) {
                mine.erase(mfn.value + i);
                release(mfn + i);
            }
        } else if (random() % 3 == 0) {
            (void)allocator.clear_one_frame();
        } else {
            unsigned order = random() % 5;
            Result<Mfn> mfn = allocator.allocate(account, order);
            if (!mfn.ok()) continue;
            for (uint64_t i = 0; i < uint64_t{1} << order; ++i)
                EXPECT_TRUE(mine.insert(mfn.value().value + i).second) << "given out twice";
            held.emplace_back(mfn.value(), order);
        }
        ASSERT_EQ(account.frames(), mine.size());
    }
    for (auto [mfn, order] : held)
        for (uint64_t i = 0; i < uint64_t{1} << order; ++i) release(mfn + i);
    EXPECT_EQ(allocator.free_frames(), 1023u);
    EXPECT_TRUE(allocator.allocate(account, 9).ok()) << "the blocks were merged again";
}

// --- frames that idle CPUs clear ---

TEST_F(AllocatorTest, ABlockThatIsClearIsTakenAsItIs) {
    for (uint64_t mfn = 1; mfn < 1024; ++mfn) machine.page(Mfn(mfn))[7] = 1;
    uint64_t free_before = allocator.free_frames(), dirty = 0;
    for (int i = 0; i < 512; ++i) EXPECT_TRUE(allocator.clear_one_frame());
    EXPECT_FALSE(allocator.clear_one_frame()) << "frame 0 is not free, so there is one whole block";
    for (uint64_t mfn = 1; mfn < 1024; ++mfn) dirty += machine.page(Mfn(mfn))[7];
    EXPECT_EQ(dirty, 511u) << "none but the block was cleared";
    EXPECT_EQ(allocator.free_frames(), free_before);
    Result<Mfn> small = allocator.allocate(account);
    ASSERT_TRUE(small.ok());
    EXPECT_LT(small.value().value, 512u) << "a single frame does not break the block";
    machine.page(Mfn(800))[7] = 2; // who takes the block as it is will find this
    Result<Mfn> block = allocator.allocate(account, 9);
    ASSERT_TRUE(block.ok());
    EXPECT_EQ(block.value(), Mfn(512));
    EXPECT_EQ(machine.page(Mfn(800))[7], 2u);
    EXPECT_EQ(allocator.free_frames(), free_before - 513);
}

TEST_F(AllocatorTest, ClearBlocksAreNotKeptFromAnybody) {
    for (int cleared : {512, 100}) { // the whole block, and part of it
        for (uint64_t mfn = 1; mfn < 1024; ++mfn) machine.page(Mfn(mfn))[7] = 1;
        for (int i = 0; i < cleared; ++i) EXPECT_TRUE(allocator.clear_one_frame());
        EXPECT_EQ(allocator.free_frames(), 1023u);
        EXPECT_FALSE(allocator.allocate(account, 9, 20).ok()) << "not of low memory";
        unsigned taken = 0;
        Account everything{DomId(6), 2000, 0};
        for (Result<Mfn> mfn = allocator.allocate(everything); mfn.ok(); mfn = allocator.allocate(everything), ++taken)
            EXPECT_EQ(machine.page(mfn.value())[7], 0u);
        EXPECT_EQ(taken, 1023u);
        EXPECT_EQ(allocator.free_frames(), 0u);
        EXPECT_FALSE(allocator.clear_one_frame());
        for (Mfn mfn = everything.first_frame(); mfn != invalid_mfn; mfn = everything.first_frame()) release(mfn);
        EXPECT_TRUE(allocator.clear_one_frame()) << "all is together again";
        EXPECT_EQ(allocator.free_frames(), 1023u);
    }
}

TEST_F(AllocatorTest, CoreFramesAreOutOfReach) {
    Result<Mfn> core = allocator.allocate_core(account, 1);
    ASSERT_TRUE(core.ok());
    EXPECT_EQ(account.core_frames(), 2u);
    EXPECT_EQ(account.frames(), 0u);
    EXPECT_EQ(take_reference(core.value(), account).error(), Error::invalid);
    EXPECT_EQ(take_writable(core.value(), account).error(), Error::invalid);
    allocator.free_core(account, core.value(), 2);
    EXPECT_TRUE(account.is_settled());
    EXPECT_FALSE(allocator.allocate_core(account, 4).ok()) << "the limit is 8";
}

TEST_F(AllocatorTest, SharedFramesAreNeverTheGuestsToRelease) {
    Mfn mfn;
    {
        Result<WritableRef> shared = allocator.allocate_shared(account);
        ASSERT_TRUE(shared.ok());
        mfn = shared.value()->mfn();
        EXPECT_EQ(account.core_frames(), 1u);
        EXPECT_FALSE(frame(mfn).release_allocation());
        EXPECT_TRUE(take_writable(mfn, account).ok());
        EXPECT_EQ(frame(mfn).word().uses(), 1u);
    }
    EXPECT_EQ(account.core_frames(), 0u);
    EXPECT_EQ(frame(mfn).owner(), nullptr);
}

TEST_F(AllocatorTest, CoreBox) {
    struct Big {
        char data[9000];
        int* destroyed;
        explicit Big(int* d) : destroyed(d) {}
        ~Big() { ++*destroyed; }
    };
    int destroyed = 0;
    {
        Result<CoreBox<Big>> made = CoreBox<Big>::create(account, &destroyed);
        ASSERT_TRUE(made.ok());
        CoreBox<Big> box = std::move(made).value();
        EXPECT_EQ(account.core_frames(), 3u) << "not four: what was rounded up went back";
    }
    EXPECT_EQ(destroyed, 1);
    EXPECT_TRUE(account.is_settled());
}

} // namespace
} // namespace skerry
