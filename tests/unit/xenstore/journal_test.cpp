// SPDX-License-Identifier: MIT
#include <minios/journal.h>

#include <algorithm>
#include <cstring>
#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <vector>

namespace minios::test {
namespace {

class JournalTest : public testing::Test {
  protected:
    std::span<std::byte> area() { return std::as_writable_bytes(std::span(memory)); }
    static std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }
    static std::string text(std::span<const std::byte> bytes) {
        return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
    }
    static std::vector<std::string> records(const Journal& journal) {
        std::vector<std::string> list;
        auto reader = journal.records();
        while (const auto record = reader.next()) list.push_back(text(*record));
        return list;
    }
    static void snapshot(Journal& journal, std::string_view state) {
        const auto to = journal.begin_snapshot();
        ASSERT_GE(to.size(), state.size());
        std::memcpy(to.data(), state.data(), state.size());
        journal.commit_snapshot(state.size());
    }

    std::vector<std::uint64_t> memory = std::vector<std::uint64_t>(512);
};

TEST_F(JournalTest, KeepsRecordsInOrder) {
    Journal journal(area(), 1);
    EXPECT_EQ(journal.open(), Journal::Found::nothing);
    EXPECT_TRUE(journal.append(bytes("one")));
    EXPECT_TRUE(journal.append(bytes("tw"), bytes("o")));
    EXPECT_TRUE(journal.append({}));
    Journal next(area(), 1);
    EXPECT_EQ(next.open(), Journal::Found::records);
    EXPECT_TRUE(next.snapshot().empty());
    EXPECT_EQ(records(next), (std::vector<std::string>{"one", "two", ""}));
}

TEST_F(JournalTest, ASnapshotTakesTheRecordsPlace) {
    Journal journal(area(), 1);
    (void)journal.open();
    for (const char* state : {"state", "a second, longer state", ""}) {
        EXPECT_TRUE(journal.append(bytes("before")));
        snapshot(journal, state);
        EXPECT_TRUE(journal.append(bytes("after")));
        Journal next(area(), 1);
        EXPECT_EQ(next.open(), Journal::Found::records);
        EXPECT_EQ(text(next.snapshot()), state);
        EXPECT_EQ(records(next), std::vector<std::string>{"after"});
    }
}

TEST_F(JournalTest, IsFullAtSomePoint) {
    Journal journal(area(), 1);
    (void)journal.open();
    std::size_t count = 0;
    while (journal.append(bytes("0123456789"))) ++count;
    EXPECT_EQ(count, ((4096 - 64) / 2 - 16) / 24u);
    EXPECT_EQ(records(journal).size(), count);
    EXPECT_FALSE(journal.append(std::as_bytes(std::span(memory))));
    snapshot(journal, "short");
    EXPECT_TRUE(journal.append(bytes("0123456789")));
}

TEST_F(JournalTest, AnotherFormatIsNotOurs) {
    Journal journal(area(), 1);
    (void)journal.open();
    Journal other(area(), 2);
    EXPECT_EQ(other.open(), Journal::Found::damaged);
    other.clear();
    EXPECT_EQ(other.open(), Journal::Found::nothing);
}

TEST_F(JournalTest, ASmallerAreaIsNotTheSame) {
    Journal journal(area(), 1);
    (void)journal.open();
    memory.resize(1024);
    Journal other(area(), 1);
    EXPECT_EQ(other.open(), Journal::Found::damaged);
}

TEST_F(JournalTest, WhateverIsThereIsCheckedAgainstItsBounds) {
    for (std::size_t word = 0; word < 40; ++word)
        for (const std::uint64_t value :
             {std::uint64_t{1}, std::uint64_t{4000}, ~std::uint64_t{0}, std::uint64_t{1} << 40}) {
            std::fill(memory.begin(), memory.end(), 0);
            Journal journal(area(), 1);
            (void)journal.open();
            snapshot(journal, "state");
            for (int i = 0; i < 10; ++i) (void)journal.append(bytes("record"));
            memory[word] = value;
            Journal next(area(), 1);
            if (next.open() != Journal::Found::records) continue;
            (void)text(next.snapshot());
            (void)records(next);
        }
}

struct Killed {};
int left;

TEST_F(JournalTest, MayEndAtAnyWrite) {
    for (int lives = 1;; ++lives) {
        std::fill(memory.begin(), memory.end(), 0);
        left = lives;
        Journal::before_write = [] {
            if (--left == 0) throw Killed{};
        };
        int done = 0;
        bool killed = false;
        try {
            Journal journal(area(), 1);
            (void)journal.open();
            for (const char* record : {"a", "b"}) {
                (void)journal.append(bytes(record), bytes("+"));
                ++done;
            }
            snapshot(journal, "ab");
            ++done;
            (void)journal.append(bytes("c"));
            ++done;
        } catch (Killed) { killed = true; }
        Journal::before_write = nullptr;
        Journal next(area(), 1);
        ASSERT_NE(next.open(), Journal::Found::damaged) << lives;
        std::string seen = text(next.snapshot());
        for (const std::string& record : records(next)) seen += record;
        const std::vector<std::string> possible[] = {
            {"", "a+"}, {"a+", "a+b+"}, {"a+b+", "ab"}, {"ab", "abc"}, {"abc"}};
        EXPECT_NE(std::find(possible[done].begin(), possible[done].end(), seen), possible[done].end()) << seen;
        if (!killed) break;
    }
}

} // namespace
} // namespace minios::test
