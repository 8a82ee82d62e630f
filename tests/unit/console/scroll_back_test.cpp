// SPDX-License-Identifier: MIT
#include "stubdoms/console/scroll_back.h"

#include <gtest/gtest.h>

#include <deque>
#include <random>
#include <string>
#include <vector>

namespace {

using skerry::console::ScrollBack;

constexpr std::uint64_t ms = 1'000'000;

class ScrollBackTest : public testing::Test {
  protected:
    explicit ScrollBackTest(std::size_t size = 4096) : text(size) {}
    void write(const std::string& bytes, std::uint64_t at_ms = 0) {
        log.append(bytes.data(), bytes.size(), at_ms * ms);
    }
    std::string last(std::size_t lines, std::size_t room = 10000) {
        std::string out(room, '?');
        out.resize(log.last_lines(lines, out.data(), room));
        return out;
    }
    std::vector<char> text;
    ScrollBack::Head head{};
    ScrollBack log{head, text};
};

TEST_F(ScrollBackTest, LinesStandBehindTheTimeAtWhichTheyBegan) {
    write("one\r\ntw", 5);
    write("o\n", 2'000);
    write("three", 12'345'678);
    EXPECT_EQ(last(10), "    0.005 one\n    0.005 two\n12345.678 three");
    EXPECT_EQ(last(2), "    0.005 two\n12345.678 three");
    EXPECT_EQ(last(1), "12345.678 three");
    EXPECT_EQ(last(0), "");
}

TEST_F(ScrollBackTest, ControlCharactersAreHarmless) {
    write("\033[2Ja\bb\x7f\ttab\x80\n");
    EXPECT_EQ(last(1), "    0.000 .[2Ja.b.\ttab\x80\n");
}

TEST_F(ScrollBackTest, ALongLineIsContinued) {
    write(std::string(1500, 'x') + "\n");
    EXPECT_EQ(last(9), "    0.000 " + std::string(1000, 'x') + "\n    0.000 " + std::string(500, 'x') + "\n");
}

TEST_F(ScrollBackTest, RoomAndAgeLimitWhatIsShownToWholeLines) {
    for (int i = 0; i < 1000; ++i) write("line " + std::to_string(i) + "\n");
    std::string all = last(100000);
    EXPECT_LE(all.size(), text.size());
    EXPECT_EQ(all.substr(0, 15), "    0.000 line ");
    EXPECT_EQ(all.substr(all.size() - 9), "line 999\n");
    EXPECT_EQ(last(5, 40), "    0.000 line 998\n    0.000 line 999\n");
    EXPECT_EQ(last(5, 10), "");
}

TEST_F(ScrollBackTest, ANewInstanceGoesOn) {
    write("first\nhalf ");
    ScrollBack again(head, text);
    again.append("whole\n", 6, 0);
    EXPECT_EQ(last(2), "    0.000 first\n    0.000 half whole\n");
}

TEST_F(ScrollBackTest, AgainstAModel) {
    std::mt19937 random(7);
    std::deque<std::string> lines;
    for (int round = 0; round < 3000; ++round) {
        std::string line(random() % 60, static_cast<char>('a' + random() % 26));
        lines.push_back(line.empty() ? "\n" : "    0.000 " + line + "\n");
        write(line + "\n");
        if (lines.size() > 300) lines.pop_front();
        std::size_t wanted = 1 + random() % 20;
        std::string expected;
        for (std::size_t i = lines.size() - std::min(wanted, lines.size()); i < lines.size(); ++i) expected += lines[i];
        ASSERT_EQ(last(wanted), expected) << round;
    }
}

} // namespace
