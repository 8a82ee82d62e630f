// SPDX-License-Identifier: MIT
#include "toolstack/cli/commands/pipe_bytes.h"

#include <gtest/gtest.h>

namespace skerry::cli {
namespace {

using namespace std::string_view_literals;

TEST(PipeBytes, WhatAConsoleWouldTakeForSomethingElseIsMarked) {
    EXPECT_EQ(literal_input("ab\n\3\x1a"), "ab\n\3\x1a");
    EXPECT_EQ(literal_input("\4 \x16 \0"sv), "\x16\4 \x16\x16 \x16\0"sv);
}

TEST(PipeBytes, ReturnsBeforeLineEndsGoHoweverTheyAreCut) {
    const std::string_view all = "a\r\nb\rc\r\r\nd\r";
    for (std::size_t first = 0; first <= all.size(); ++first)
        for (std::size_t second = first; second <= all.size(); ++second) {
            LineEnds ends;
            std::string text;
            for (const std::string_view piece :
                 {all.substr(0, first), all.substr(first, second - first), all.substr(second)})
                text += ends.take(piece);
            EXPECT_EQ(text + ends.rest(), "a\nb\rc\r\nd\r") << first << ' ' << second;
            EXPECT_EQ(ends.rest(), "");
        }
}

} // namespace
} // namespace skerry::cli
