// SPDX-License-Identifier: MIT
#include "minios/kernel/frame_map.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <set>
#include <vector>

namespace {

using minios::FrameMap;

std::vector<std::unique_ptr<std::uint64_t[]>> pieces;
bool pieces_available;

std::uint64_t* new_piece() {
    if (!pieces_available) return nullptr;
    pieces.push_back(std::make_unique<std::uint64_t[]>(FrameMap::piece_frames / 64));
    return pieces.back().get();
}

class FrameMapTest : public testing::Test {
  protected:
    FrameMapTest() {
        pieces.clear();
        pieces_available = true;
    }
    void start(std::uint64_t total) {
        list.assign(FrameMap::pieces_for(total), {});
        map->start(total, list.data(), new_piece);
    }
    std::vector<FrameMap::Piece> list;
    std::unique_ptr<FrameMap> map = std::make_unique<FrameMap>();
};

TEST_F(FrameMapTest, TakesAndGives) {
    start(1000);
    EXPECT_EQ(map->free_count(), 1000u);
    EXPECT_TRUE(map->take(0, 100));
    EXPECT_FALSE(map->is_free(99));
    EXPECT_TRUE(map->is_free(100));
    EXPECT_FALSE(map->take(99, 2));
    EXPECT_TRUE(map->is_free(100)) << "a refused take changes nothing";
    EXPECT_EQ(map->free_count(), 900u);
    EXPECT_TRUE(map->give(50, 50));
    EXPECT_FALSE(map->give(50, 1));
    EXPECT_EQ(map->free_count(), 950u);
}

TEST_F(FrameMapTest, RefusesWhatIsOutside) {
    start(1000);
    EXPECT_FALSE(map->take(1000, 1));
    EXPECT_FALSE(map->take(999, 2));
    EXPECT_FALSE(map->take(5, 0));
    EXPECT_FALSE(map->take(1, ~0ull));
    EXPECT_FALSE(map->give(~0ull, 1));
    EXPECT_FALSE(map->is_free(~0ull));
}

TEST_F(FrameMapTest, WholePiecesNeedNoMemory) {
    start(3 * FrameMap::piece_frames + 5);
    pieces_available = false;
    EXPECT_TRUE(map->take(FrameMap::piece_frames, 2 * FrameMap::piece_frames));
    EXPECT_FALSE(map->take(3, 1)) << "a part of a piece needs bits";
    EXPECT_TRUE(map->is_free(3));
    EXPECT_EQ(map->find_highest(), 3 * FrameMap::piece_frames + 4);
    pieces_available = true;
    EXPECT_TRUE(map->give(FrameMap::piece_frames + 7, 1));
    EXPECT_EQ(map->find_run(1, FrameMap::piece_frames, 3 * FrameMap::piece_frames), FrameMap::piece_frames + 7);
}

TEST_F(FrameMapTest, FindsRunsAcrossPieces) {
    start(2 * FrameMap::piece_frames);
    ASSERT_TRUE(map->take(0, FrameMap::piece_frames - 3));
    ASSERT_TRUE(map->take(FrameMap::piece_frames + 3, 10));
    EXPECT_EQ(map->find_run(6, 0, map->total()), FrameMap::piece_frames - 3);
    EXPECT_EQ(map->find_run(7, 0, map->total()), FrameMap::piece_frames + 13);
    EXPECT_EQ(map->find_run(6, 0, FrameMap::piece_frames), FrameMap::none);
}

TEST_F(FrameMapTest, TheHighestRunEndsAtAUsedFrameOrWithItsWord) {
    start(256);
    ASSERT_TRUE(map->take(100, 1)); // gives the piece its bits
    auto run = map->take_highest(1000);
    EXPECT_EQ(run.first, 192u);
    EXPECT_EQ(run.count, 64u);
    run = map->take_highest(60);
    EXPECT_EQ(run.first, 132u);
    EXPECT_EQ(run.count, 60u);
    run = map->take_highest(1000);
    EXPECT_EQ(run.first, 128u);
    EXPECT_EQ(run.count, 4u);
    run = map->take_highest(1000);
    EXPECT_EQ(run.first, 101u);
    EXPECT_EQ(run.count, 27u);
    ASSERT_TRUE(map->take(0, 100));
    run = map->take_highest(5);
    EXPECT_EQ(run.first, FrameMap::none);
    EXPECT_EQ(run.count, 0u);
    EXPECT_EQ(map->free_count(), 0u);
}

TEST_F(FrameMapTest, MatchesASetOverARandomRun) {
    const std::uint64_t total = FrameMap::piece_frames + 500;
    start(total);
    std::vector<bool> used(total);
    std::uint64_t free_count = total;
    std::mt19937 random(1);
    for (int step = 0; step < 4000; ++step) {
        const std::uint64_t first = random() % total, count = 1 + random() % 40;
        bool all_free = first + count <= total, all_used = all_free;
        for (std::uint64_t i = first; i < first + count && i < total; ++i) {
            all_free = all_free && !used[i];
            all_used = all_used && used[i];
        }
        if (random() % 2 != 0) {
            ASSERT_EQ(map->take(first, count), all_free);
            if (all_free)
                std::fill_n(used.begin() + static_cast<std::ptrdiff_t>(first), count, true), free_count -= count;
        } else {
            ASSERT_EQ(map->give(first, count), all_used);
            if (all_used)
                std::fill_n(used.begin() + static_cast<std::ptrdiff_t>(first), count, false), free_count += count;
        }
        ASSERT_EQ(map->free_count(), free_count);
        std::uint64_t highest = total;
        while (highest > 0 && used[highest - 1]) --highest;
        ASSERT_EQ(map->find_highest(), highest - 1);
        if (random() % 8 != 0) continue;
        const std::uint64_t most = 1 + random() % 90;
        const FrameMap::Run run = map->take_highest(most);
        ASSERT_EQ(run.first + run.count, highest);
        ASSERT_GE(run.count, 1u);
        ASSERT_LE(run.count, most);
        for (std::uint64_t frame = run.first; frame < highest; ++frame) {
            ASSERT_FALSE(used[frame]);
            used[frame] = true;
        }
        free_count -= run.count;
    }
}

} // namespace
