// SPDX-License-Identifier: MIT
#include "minios/debug/packet.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using minios::debug::largest_packet;
using minios::debug::PacketReader;
using Event = PacketReader::Event;

std::vector<std::string> events_of(const std::string& bytes) {
    PacketReader reader;
    std::vector<std::string> events;
    for (const char byte : bytes) switch (reader.take(byte)) {
        case Event::none: break;
        case Event::packet: events.emplace_back(reader.packet()); break;
        case Event::damaged: events.emplace_back("<damaged>"); break;
        case Event::resend: events.emplace_back("<resend>"); break;
        case Event::interrupt: events.emplace_back("<interrupt>"); break;
        }
    return events;
}

std::string framed(const std::string& text) {
    unsigned sum = 0;
    for (const char c : text) sum += static_cast<unsigned char>(c);
    char end[4];
    std::snprintf(end, sizeof end, "#%02x", sum & 255);
    return "$" + text + end;
}

using Events = std::vector<std::string>;

TEST(GdbPacket, WholeOnes) {
    EXPECT_EQ(events_of("+$g#67+$m1,2#fc"), (Events{"g", "m1,2"}));
    EXPECT_EQ(events_of("$#00"), Events{""});
    EXPECT_EQ(events_of("$\xff\x80#7F"), Events{"\xff\x80"}) << "capital digits; bytes are not signed";
}

TEST(GdbPacket, BetweenThem) {
    EXPECT_EQ(events_of("\3-xyz#12+\3"), (Events{"<interrupt>", "<resend>", "<interrupt>"}));
    EXPECT_EQ(events_of(framed("a\3-b")), Events{"a\3-b"}) << "inside they are text";
}

TEST(GdbPacket, DamagedOnes) {
    EXPECT_EQ(events_of("$g#68$g#6x$g#67"), (Events{"<damaged>", "<damaged>", "g"}));
    EXPECT_EQ(events_of("$lost$g#67"), Events{"g"}) << "a new one begins";
}

TEST(GdbPacket, AsLongAsAllowedAndNotLonger) {
    const std::string longest(largest_packet, 'x');
    EXPECT_EQ(events_of(framed(longest)), Events{longest});
    EXPECT_EQ(events_of(framed(longest + "x")), Events{"<damaged>"});
    EXPECT_EQ(events_of(framed(std::string(100000, 'x')) + framed("g")), (Events{"<damaged>", "g"}));
}

} // namespace
