// SPDX-License-Identifier: MIT
#include "stubdoms/console/multiplexer.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace {

using namespace skerry::console;

class MultiplexerTest : public testing::Test {
  protected:
    MultiplexerTest() {
        std::strcpy(main.name, "main");
        main.interactive = true;
        std::strcpy(other.name, "other");
    }
    std::size_t write(Multiplexer::Source& source, const std::string& text) {
        return multiplexer.write(source, text.data(), text.size());
    }
    std::string shown() {
        std::string text;
        for (; !terminal.empty(); terminal.pop()) text += terminal.front();
        return text;
    }
    TerminalQueue terminal;
    Multiplexer multiplexer{terminal};
    Multiplexer::Source main, other, unnamed;
};

TEST_F(MultiplexerTest, InteractiveBytesPassAsTheyAre) {
    const std::string text = "\033[1mhi\r\nprompt# ";
    EXPECT_EQ(write(main, text), text.size());
    EXPECT_EQ(shown(), text);
}

TEST_F(MultiplexerTest, OthersComeInWholeLinesBehindTheirName) {
    write(other, "par");
    EXPECT_EQ(shown(), "");
    write(other, "tial\r\nnext\n\n");
    EXPECT_EQ(shown(), "[other] partial\r\n[other] next\r\n[other] \r\n");
    write(unnamed, "(XEN) log\n");
    EXPECT_EQ(shown(), "(XEN) log\r\n");
}

TEST_F(MultiplexerTest, ALineOfAnotherStartsAtTheLeft) {
    write(main, "# ");
    write(other, "x\n");
    write(other, "y\n");
    EXPECT_EQ(shown(), "# \r\n[other] x\r\n[other] y\r\n");
}

TEST_F(MultiplexerTest, LinesWaitWhileHeld) {
    write(main, "half a li");
    multiplexer.hold_lines(true);
    EXPECT_EQ(write(other, "x\ny\n"), 1u);
    write(main, "ne\r\n");
    EXPECT_EQ(write(other, "\ny\n"), 3u);
    EXPECT_EQ(shown(), "half a line\r\n[other] x\r\n[other] y\r\n");
}

TEST_F(MultiplexerTest, ControlCharactersAreHarmless) {
    write(other, "a\033[2Jb\rc\x7f\b\t\xc3\xa9\n");
    EXPECT_EQ(shown(), "[other] a.[2Jb c..\t\xc3\xa9\r\n");
}

TEST_F(MultiplexerTest, EndlessLinesAreCut) {
    write(other, std::string(1000, 'z'));
    const std::string text = shown();
    EXPECT_EQ(text.substr(0, 8), "[other] ");
    EXPECT_LE(text.find("\r\n"), 8 + Multiplexer::line_limit);
    write(other, "\r\r\r\r" + std::string(Multiplexer::line_limit * 2, '\r') + "end\n");
}

TEST_F(MultiplexerTest, AFullTerminalRefusesInsteadOfDropping) {
    std::string all;
    std::size_t accepted = 0;
    const std::string line = "0123456789\n";
    for (int i = 0; i < 5000; ++i) {
        const std::size_t n = write(other, line);
        accepted += n;
        if (n < line.size()) break;
    }
    EXPECT_LT(accepted, 5000 * line.size());
    EXPECT_EQ(write(other, "more"), 0u);
    EXPECT_GT(write(main, "still"), 0u) << "the interactive guest needs less room";
    all = shown();
    EXPECT_EQ(write(other, "more"), 4u);
}

TEST_F(MultiplexerTest, QuietPartialLinesAreShownInTheEnd) {
    write(other, "login: ");
    multiplexer.flush_quiet(other);
    EXPECT_EQ(shown(), "") << "it was just written";
    multiplexer.flush_quiet(other);
    EXPECT_EQ(shown(), "[other] login: \r\n");
}

} // namespace
