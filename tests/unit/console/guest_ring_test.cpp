// SPDX-License-Identifier: MIT
#include "stubdoms/console/guest_ring.h"

#include <gtest/gtest.h>

#include <cstring>
#include <random>
#include <string>

namespace {

using skerry::console::GuestRing;

class GuestRingTest : public testing::Test {
  protected:
    /// What a well-behaved guest does.
    std::size_t guest_writes(const std::string& text) {
        std::size_t done = 0;
        for (; done < text.size() && page.out_prod - page.out_cons < sizeof page.out; ++done)
            page.out[page.out_prod++ % sizeof page.out] = text[done];
        return done;
    }
    std::string guest_reads() {
        std::string text;
        while (page.in_cons != page.in_prod) text += page.in[page.in_cons++ % sizeof page.in];
        return text;
    }
    std::string service_reads(GuestRing& ring, std::size_t most = 256) {
        std::string text(most, '?');
        text.resize(ring.read(text.data(), most));
        return text;
    }
    xencons_interface page{};
};

TEST_F(GuestRingTest, MovesBytesBothWaysAcrossTheWrap) {
    page.out_cons = page.out_prod = 0xfffffff0;
    page.in_cons = page.in_prod = 0xfffffff8;
    GuestRing ring(page);
    std::mt19937 random(3);
    std::string sent, received, typed, seen;
    for (int step = 0; step < 2000; ++step) {
        std::string text(random() % 300, static_cast<char>('a' + step % 26));
        sent += text.substr(0, guest_writes(text));
        received += service_reads(ring, random() % 300);
        std::string keys(random() % 200, static_cast<char>('A' + step % 26));
        typed += keys.substr(0, ring.write(keys.data(), keys.size()));
        if (random() % 3 == 0) seen += guest_reads();
    }
    for (std::string rest; !(rest = service_reads(ring)).empty();) received += rest;
    seen += guest_reads();
    EXPECT_EQ(received, sent);
    EXPECT_EQ(seen, typed);
    EXPECT_EQ(ring.nonsense(), 0u);
}

TEST_F(GuestRingTest, InputStopsWhenTheGuestDoesNotRead) {
    GuestRing ring(page);
    std::string keys(5000, 'x');
    EXPECT_EQ(ring.write(keys.data(), keys.size()), sizeof page.in);
    EXPECT_EQ(ring.write("y", 1), 0u);
    EXPECT_EQ(ring.write_room(), 0u);
}

TEST_F(GuestRingTest, ImpossibleOutputIndexIsSkipped) {
    GuestRing ring(page);
    for (std::uint32_t producer : {0x80000000u, 0xffffffffu, 5000u}) {
        page.out_prod = producer;
        EXPECT_EQ(service_reads(ring), "");
        EXPECT_EQ(page.out_cons, producer);
    }
    EXPECT_EQ(ring.nonsense(), 3u);
    guest_writes("fine again");
    EXPECT_EQ(service_reads(ring), "fine again");
}

TEST_F(GuestRingTest, ImpossibleInputIndexMeansFull) {
    GuestRing ring(page);
    page.in_cons = 1;
    EXPECT_EQ(ring.write("abc", 3), 0u);
    EXPECT_EQ(ring.write_room(), 0u);
    page.in_cons = 0;
    EXPECT_EQ(ring.write("abc", 3), 3u);
}

TEST_F(GuestRingTest, OurIndicesCannotBeChangedByTheGuest) {
    GuestRing ring(page);
    guest_writes("hello");
    page.out_cons = 77;
    page.in_prod = 99;
    EXPECT_EQ(service_reads(ring), "hello");
    EXPECT_EQ(page.out_cons, 5u);
    EXPECT_EQ(ring.write("k", 1), 1u);
    EXPECT_EQ(page.in_prod, 1u);
    EXPECT_EQ(page.in[0], 'k');
}

TEST_F(GuestRingTest, ARestartedServiceGoesOnWhereTheLastOneStopped) {
    GuestRing first(page);
    guest_writes("one two");
    EXPECT_EQ(service_reads(first, 4), "one ");
    GuestRing second(page);
    EXPECT_EQ(service_reads(second), "two");
}

TEST_F(GuestRingTest, NoRing) {
    GuestRing none;
    char c;
    EXPECT_EQ(none.read(&c, 1), 0u);
    EXPECT_EQ(none.write("c", 1), 0u);
    EXPECT_FALSE(none.readable());
}

} // namespace
