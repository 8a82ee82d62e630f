// SPDX-License-Identifier: MIT
#include "minios/kernel/heap_arena.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <memory>
#include <random>
#include <stdexcept>
#include <vector>

namespace {

using minios::HeapArena;

constexpr std::size_t most = 16u << 20;
std::size_t limit, grown;

bool grow(std::size_t size) {
    if (grown + size > limit) return false;
    grown += size;
    return true;
}
bool may_shrink;
bool shrink(std::size_t size) {
    if (may_shrink) grown -= size;
    return may_shrink;
}
void broken(const char* what, const void*) { throw std::runtime_error(what); }

class HeapArenaTest : public testing::Test {
  protected:
    HeapArenaTest() : memory(new (std::align_val_t(4096)) char[most]) {
        limit = most;
        grown = 0;
        may_shrink = true;
        arena->start(memory, grow, shrink, broken);
    }
    ~HeapArenaTest() override { operator delete[](memory, std::align_val_t(4096)); }
    char* memory;
    std::unique_ptr<HeapArena> arena = std::make_unique<HeapArena>();
};

TEST_F(HeapArenaTest, RandomRunKeepsBlocksApart) {
    std::mt19937 random(7);
    std::map<char*, std::pair<std::size_t, char>> live;
    for (int step = 0; step < 30000; ++step) {
        if (live.size() < 200 && random() % 5 != 0) {
            const std::size_t size = random() % 3 == 0 ? random() % 100000 : random() % 300;
            const std::size_t boundary = random() % 4 == 0 ? std::size_t{16} << random() % 9 : 16;
            auto* p = static_cast<char*>(arena->allocate_aligned(boundary, size));
            if (p == nullptr) continue;
            ASSERT_EQ(reinterpret_cast<std::uintptr_t>(p) % boundary, 0u);
            ASSERT_GE(arena->size_of(p), size);
            ASSERT_LE(p + size, memory + grown);
            const char fill = static_cast<char>(random());
            std::memset(p, fill, size);
            live[p] = {size, fill};
        } else if (!live.empty()) {
            auto it = live.begin();
            std::advance(it, random() % live.size());
            for (std::size_t i = 0; i < it->second.first; ++i) ASSERT_EQ(it->first[i], it->second.second);
            arena->release(it->first);
            live.erase(it);
        }
        if (step % 500 == 0) { ASSERT_TRUE(arena->consistent()); }
    }
    for (auto& [p, content] : live) arena->release(p);
    EXPECT_TRUE(arena->consistent());
    EXPECT_EQ(arena->in_use(), 0u);
    EXPECT_LE(grown, 2u << 20) << "an empty heap gives its memory back";
}

TEST_F(HeapArenaTest, KeepsWhatCannotBeTakenAway) {
    may_shrink = false;
    void* large = arena->allocate(8u << 20);
    ASSERT_NE(large, nullptr);
    const std::size_t reached = grown;
    arena->release(large);
    EXPECT_EQ(arena->reached(), reached);
    EXPECT_TRUE(arena->consistent());
    void* again = arena->allocate(8u << 20);
    EXPECT_NE(again, nullptr);
    EXPECT_EQ(grown, reached) << "it is used again";
    may_shrink = true;
    arena->release(again);
    EXPECT_LE(grown, 2u << 20);
    EXPECT_EQ(arena->reached(), grown);
    EXPECT_TRUE(arena->consistent());
}

TEST_F(HeapArenaTest, GivesItsEndBackWhenMemoryIsShort) {
    std::vector<void*> blocks;
    for (int i = 0; i < 40000; ++i) blocks.push_back(arena->allocate(100)); // the last ones are kept, at the very end
    for (; blocks.size() > 1; blocks.pop_back()) arena->release(blocks.back());
    EXPECT_GT(grown, 4u << 20) << "not a test of it otherwise";
    EXPECT_TRUE(arena->release_end());
    EXPECT_LE(grown, 128u << 10);
    EXPECT_EQ(arena->reached(), grown);
    EXPECT_TRUE(arena->consistent());
    EXPECT_FALSE(arena->release_end()) << "nothing more";
    EXPECT_NE(arena->allocate(1u << 20), nullptr);
}

TEST_F(HeapArenaTest, FailsWithoutGrowing) {
    limit = 128 * 1024;
    EXPECT_EQ(arena->allocate(1u << 20), nullptr);
    EXPECT_EQ(arena->allocate(~std::size_t{0}), nullptr);
    EXPECT_EQ(arena->allocate_aligned(std::size_t{1} << 50, 8), nullptr);
    void* p = arena->allocate(60000);
    EXPECT_NE(p, nullptr);
    EXPECT_EQ(arena->allocate(100000), nullptr);
    arena->release(p);
    EXPECT_TRUE(arena->consistent());
    EXPECT_NE(arena->allocate(60000), nullptr);
}

// A small range, so that every path is taken again and again: kept blocks joined for want of room, growth refused, trimming, and all of it right
// after one another. What the program wrote into a block is still there when it is given back.
TEST_F(HeapArenaTest, AgreesWithAModelWhileMemoryIsShort) {
    struct Held {
        std::size_t size;
        unsigned char fill;
    };
    std::mt19937 random(11);
    for (const std::size_t room : {64u << 10, 192u << 10, 1u << 20, 3u << 20}) {
        limit = room;
        std::map<unsigned char*, Held> held;
        unsigned refused = 0;
        const auto intact = [](const unsigned char* p, const Held& block) {
            for (std::size_t i = 0; i < block.size; ++i)
                if (p[i] != block.fill) return false;
            return true;
        };
        for (int step = 0; step < 20000; ++step) {
            const unsigned what = random() % 8;
            if (what < 4 || held.empty()) {
                const std::size_t size = random() % (std::size_t{1} << (4 + random() % 16));
                const std::size_t boundary = random() % 3 == 0 ? std::size_t{16} << random() % 9 : 16;
                auto* p = static_cast<unsigned char*>(arena->allocate_aligned(boundary, size));
                if (p == nullptr) {
                    ++refused;
                    continue;
                }
                ASSERT_EQ(reinterpret_cast<std::uintptr_t>(p) % boundary, 0u);
                const auto above = held.lower_bound(p);
                ASSERT_TRUE(above == held.end() || p + size <= above->first);
                ASSERT_TRUE(above == held.begin() || std::prev(above)->first + std::prev(above)->second.size <= p);
                const Held block{size, static_cast<unsigned char>(random())};
                std::memset(p, block.fill, size);
                held[p] = block;
            } else {
                auto it = held.begin();
                std::advance(it, random() % held.size());
                ASSERT_TRUE(intact(it->first, it->second));
                arena->release(it->first);
                held.erase(it);
            }
            if (step % 64 == 0) { ASSERT_TRUE(arena->consistent()) << "step " << step; }
        }
        EXPECT_GT(refused, 0u);
        for (auto& [p, block] : held) {
            ASSERT_TRUE(intact(p, block));
            arena->release(p);
        }
        ASSERT_TRUE(arena->consistent());
        EXPECT_EQ(arena->in_use(), 0u);
    }
}

TEST_F(HeapArenaTest, SizesThatWrapAroundAreRefused) {
    for (const std::size_t boundary : {16u, 64u, 4096u})
        for (std::size_t less = 0; less < 2 * boundary + 64; ++less)
            ASSERT_EQ(arena->allocate_aligned(boundary, ~std::size_t{0} - less), nullptr);
    EXPECT_TRUE(arena->consistent());
}

TEST_F(HeapArenaTest, NoticesDoubleFree) {
    void* p = arena->allocate(40);
    void* other = arena->allocate(40);
    arena->release(p);
    EXPECT_THROW(arena->release(p), std::runtime_error);
    arena->release(other);
}

TEST_F(HeapArenaTest, GivesTheSameBlockAgain) {
    void* guard = arena->allocate(40);
    for (const std::size_t size : {1, 40, 1000, 1009, 20000, 65000, 200000}) {
        void* p = arena->allocate(size);
        arena->release(p);
        EXPECT_THROW(arena->release(p), std::runtime_error) << size;
        EXPECT_EQ(arena->allocate(size), p) << size;
        arena->release(p);
    }
    EXPECT_TRUE(arena->consistent());
    arena->release(guard);
}

TEST_F(HeapArenaTest, WhatIsKeptIsJoinedBeforeTheRangeGrows) {
    limit = 64 * 1024;
    std::vector<void*> blocks;
    while (void* p = arena->allocate(1000)) blocks.push_back(p);
    EXPECT_GT(blocks.size(), 60u);
    void* keeps_it_in_use = arena->allocate(16);
    for (void* p : blocks) arena->release(p);
    EXPECT_TRUE(arena->consistent());
    EXPECT_NE(arena->allocate(55000), nullptr);
    if (keeps_it_in_use != nullptr) arena->release(keeps_it_in_use);
}

TEST_F(HeapArenaTest, NoticesAnOverrunIntoAKeptBlock) {
    void* guard = arena->allocate(40);
    auto* p = static_cast<char*>(arena->allocate(40));
    void* next = arena->allocate(40);
    arena->release(next);
    std::memset(p, 0x55, arena->size_of(p) + 16); // into the next header
    EXPECT_THROW((void)arena->allocate(40), std::runtime_error);
    (void)guard;
}

TEST_F(HeapArenaTest, NoticesForeignPointersAndOverruns) {
    char outside[64];
    EXPECT_THROW(arena->release(outside + 32), std::runtime_error);
    auto* p = static_cast<char*>(arena->allocate(40));
    EXPECT_THROW(arena->release(p + 8), std::runtime_error);
    std::memset(p, 0x55, arena->size_of(p) + 16); // into the next header
    EXPECT_THROW(arena->release(p), std::runtime_error);
}

} // namespace
