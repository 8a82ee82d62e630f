// SPDX-License-Identifier: MIT
// References and writable uses of single frames, tokens, freeing with an owed flush, and contention.
#include "host_machine.h"

#include <gtest/gtest.h>
#include <thread>

namespace skerry {
namespace {

struct FrameTest : testing::Test {
    HostMachine machine{64};
    Account account{DomId(5), 60, 8};
    Account other{DomId(6), 60, 8};
    Mfn mfn = allocator.allocate(account).value();
};

TEST_F(FrameTest, ReferencesKeepItAlive) {
    {
        Result<FrameRef> held = take_reference(mfn, account);
        ASSERT_TRUE(held.ok());
        EXPECT_EQ(frame(mfn).word().references(), 2u);
        EXPECT_TRUE(frame(mfn).release_allocation());
        EXPECT_FALSE(frame(mfn).release_allocation()) << "only once";
        EXPECT_EQ(frame(mfn).owner(), &account);
        EXPECT_EQ(account.frames(), 1u);
    }
    EXPECT_EQ(frame(mfn).owner(), nullptr);
    EXPECT_EQ(account.frames(), 0u);
    EXPECT_EQ(take_reference(mfn, account).error(), Error::invalid);
}

TEST_F(FrameTest, OnlyOfItsOwner) {
    EXPECT_EQ(take_reference(mfn, other).error(), Error::invalid);
    EXPECT_EQ(take_writable(mfn, other).error(), Error::invalid);
    EXPECT_EQ(take_reference(machine.io_frame(), account).error(), Error::invalid);
    EXPECT_EQ(take_reference(Mfn(~uint64_t{0}), account).error(), Error::invalid);
    EXPECT_EQ(frame(mfn).word().references(), 1u);
}

TEST_F(FrameTest, WritableUses) {
    Result<WritableRef> a = take_writable(mfn, account);
    Result<WritableRef> b = take_writable(mfn, account);
    ASSERT_TRUE(a.ok() && b.ok());
    EXPECT_EQ(frame(mfn).word().uses(), 2u);
    EXPECT_EQ(frame(mfn).word().references(), 3u);
}

TEST_F(FrameTest, CountsDoNotOverflow) {
    auto& word = frame(mfn).word_for_transition();
    word.fetch_add(FrameWord::reference_guard - 1);
    EXPECT_FALSE(take_reference(mfn, account).ok());
    EXPECT_FALSE(take_writable(mfn, account).ok());
    word.fetch_sub(FrameWord::reference_guard - 1);
    word.fetch_add(FrameWord::use_guard);
    EXPECT_FALSE(take_writable(mfn, account).ok());
    EXPECT_TRUE(take_reference(mfn, account).ok());
    word.fetch_sub(FrameWord::use_guard);
    EXPECT_TRUE(take_writable(mfn, account).ok());
}

TEST_F(FrameTest, FreeingCoversTheStamp) {
    frame(mfn).note_translation_removed(account.users.stamp());
    uint64_t before = machine.flushes;
    EXPECT_TRUE(frame(mfn).release_allocation());
    EXPECT_EQ(machine.flushes, before + 1);

    Mfn fresh = allocator.allocate(account).value();
    EXPECT_TRUE(frame(fresh).release_allocation());
    EXPECT_EQ(machine.flushes, before + 1) << "nothing was owed";
}

TEST_F(FrameTest, OneFlushCoversManyFrames) {
    Mfn second = allocator.allocate(account).value();
    frame(mfn).note_translation_removed(account.users.stamp());
    frame(second).note_translation_removed(account.users.stamp());
    EXPECT_TRUE(frame(mfn).release_allocation());
    EXPECT_TRUE(frame(second).release_allocation());
    EXPECT_EQ(machine.flushes, 1u);
}

TEST_F(FrameTest, AFlushInProgressDoesNotCount) {
    FlushStamp stamp = 0;
    machine.on_flush = [&](const CpuSet&) { stamp = account.users.stamp(); }; // removed while it runs
    account.users.flush();
    EXPECT_FALSE(account.users.is_covered(stamp));
    machine.on_flush = nullptr;
    account.users.flush();
    EXPECT_TRUE(account.users.is_covered(stamp));
}

TEST_F(FrameTest, FirstWritableUseAfterAnotherTypeFlushes) {
    auto& word = frame(mfn).word_for_transition();
    word.fetch_sub(FrameWord::of(FrameType::writable));
    word.fetch_add(FrameWord::of(FrameType::l1));
    frame(mfn).note_translation_removed(account.users.stamp());
    EXPECT_TRUE(take_writable(mfn, account).ok());
    EXPECT_EQ(machine.flushes, 1u);
    EXPECT_TRUE(take_writable(mfn, account).ok());
    EXPECT_EQ(machine.flushes, 1u);
}

TEST_F(FrameTest, InUseAsSomethingElse) {
    auto& word = frame(mfn).word_for_transition();
    word.fetch_add(FrameWord::of(FrameType::l1) - FrameWord::of(FrameType::writable) + FrameWord::one_use +
                   FrameWord::one_reference);
    EXPECT_EQ(take_writable(mfn, account).error(), Error::busy);
    EXPECT_TRUE(take_reference(mfn, account).ok());
    word.fetch_sub(FrameWord::one_use + FrameWord::one_reference);
    word.fetch_or(FrameWord::transition);
    EXPECT_EQ(take_writable(mfn, account).error(), Error::busy);
    word.fetch_and(~FrameWord::transition);
}

TEST_F(FrameTest, ManyCpus) {
    auto hammer = [&] {
        for (int i = 0; i < 20000; ++i) {
            Result<WritableRef> w = take_writable(mfn, account);
            Result<FrameRef> r = take_reference(mfn, account);
            EXPECT_TRUE(w.ok() && r.ok());
            EXPECT_FALSE(take_reference(mfn, other).ok());
        }
    };
    std::thread a(hammer), b(hammer);
    a.join();
    b.join();
    EXPECT_EQ(frame(mfn).word().references(), 1u);
    EXPECT_EQ(frame(mfn).word().uses(), 0u);
}

} // namespace
} // namespace skerry
