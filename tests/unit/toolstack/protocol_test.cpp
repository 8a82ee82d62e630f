// SPDX-License-Identifier: MIT
// Frames, bounded JSON, messages, the hash.
#include "toolstack/protocol/message.h"
#include "toolstack/protocol/sha256.h"

#include <gtest/gtest.h>

namespace skerry::protocol::test {
namespace {

std::string bytes_of(const Frame& frame) {
    std::string bytes;
    append_frame(bytes, frame);
    return bytes;
}

std::vector<std::string> payloads(FrameReader& reader) {
    std::vector<std::string> all;
    while (const auto frame = reader.next()) all.push_back(frame->payload);
    return all;
}

using Payloads = std::vector<std::string>;

TEST(Frames, ComeOutAsTheyWentIn) {
    FrameReader reader;
    reader.feed(bytes_of({Kind::data, true, 0xdeadbeef, std::string(most_payload, 'x')}));
    const auto frame = reader.next();
    ASSERT_TRUE(frame);
    EXPECT_EQ(frame->kind, Kind::data);
    EXPECT_TRUE(frame->more);
    EXPECT_EQ(frame->stream, 0xdeadbeefu);
    EXPECT_EQ(frame->payload.size(), most_payload);
    EXPECT_FALSE(reader.next());
    EXPECT_EQ(reader.skipped(), 0u);
    std::string out;
    EXPECT_THROW(append_frame(out, {Kind::data, false, 1, std::string(most_payload + 1, 'x')}), std::length_error);
}

TEST(Frames, ByteByByte) {
    FrameReader reader;
    Payloads found;
    for (const char byte : bytes_of({Kind::data, false, 1, "one"}) + bytes_of({Kind::data, false, 1, ""})) {
        reader.feed({&byte, 1});
        while (const auto frame = reader.next()) found.push_back(frame->payload);
    }
    EXPECT_EQ(found, (Payloads{"one", ""}));
}

TEST(Frames, AreFoundBehindGarbage) {
    const std::string good = bytes_of({Kind::data, false, 1, "good"});
    for (const std::string& garbage :
         {std::string("login: "), std::string("\xf5"), std::string("\xf5Skf"), std::string(100'000, '\xf5'),
          good.substr(0, 9), good.substr(5), std::string(4, '\0')}) {
        FrameReader reader;
        reader.feed(garbage + good);
        reader.feed(std::string(header_size + most_payload, '\0')); // whatever a broken header still waits for
        EXPECT_EQ(payloads(reader), Payloads{"good"}) << garbage.size();
        EXPECT_GE(reader.skipped(), garbage.size());
    }
}

TEST(Frames, WithAnyBitTurnedAreNoneAndHideNoOther) {
    const std::string frame = bytes_of({Kind::request, false, 7, "{\"method\":\"list\"}"}),
                      next = bytes_of({Kind::data, false, 1, "next"});
    for (std::size_t bit = 0; bit < frame.size() * 8; ++bit) {
        std::string bad = frame;
        bad[bit / 8] = static_cast<char>(bad[bit / 8] ^ (1 << (bit % 8)));
        FrameReader reader;
        reader.feed(bad + next);
        reader.feed(std::string(header_size + most_payload, '\0'));
        EXPECT_EQ(payloads(reader), Payloads{"next"}) << "bit " << bit;
    }
}

TEST(Frames, ReaderHoldsNoMoreThanAFrame) {
    FrameReader reader;
    for (int i = 0; i < 1000; ++i) {
        reader.feed(std::string(1000, '\xf5'));
        EXPECT_FALSE(reader.next());
    }
    EXPECT_GE(reader.skipped(), 999'000u);
}

TEST(Json, ReadsAndWrites) {
    const std::string text = R"({"b":[1,-2,true,null,"x\"\u00e4\n"],"a":{"c":1.5}})";
    const json::Value value = json::parse(text);
    EXPECT_EQ(json::write(value), "{\"b\":[1,-2,true,null,\"x\\\"\xc3\xa4\\n\"],\"a\":{\"c\":1.5}}")
        << "in the order of the text";
    EXPECT_EQ(json::parse(json::write(value)), value);
    EXPECT_EQ(json::write(json::Value("\xff")), "\"\xef\xbf\xbd\"");
    EXPECT_EQ(json::write(json::Value(std::uint64_t{UINT64_MAX})), "9223372036854775807");
}

std::string error_of(std::string_view text) {
    try {
        (void)json::parse(text);
        return "";
    } catch (const json::Error& error) { return error.what(); }
}

TEST(Json, RefusesWhatIsNoneOrTooMuch) {
    for (const char* wrong :
         {"", "{", "{\"a\":}", "[1,]", "nul", "{\"a\" 1}", "\"\\x\"", "1 2", "'a'", "\xff", "[1e999]"})
        EXPECT_NE(error_of(wrong), "") << wrong;
    EXPECT_NE(error_of("{\"a\":}").find("byte 6"), std::string::npos) << error_of("{\"a\":}");
    EXPECT_EQ(error_of(R"({"a":1,"a":2})"), "JSON: member \"a\" twice");
    EXPECT_EQ(error_of("9223372036854775808"), "JSON: the integer 9223372036854775808 is too large");
    EXPECT_EQ(error_of("99999999999999999999999"), "JSON: the integer 99999999999999999999999 is too large");
    EXPECT_EQ(error_of(std::string(16, '[') + std::string(16, ']')), "");
    EXPECT_EQ(error_of(std::string(17, '[') + std::string(17, ']')),
              "JSON: more than 16 arrays and objects within each other");
    EXPECT_EQ(error_of(std::string(1'000'000, '[')).substr(0, 18), "JSON: more than 16");
    EXPECT_EQ(error_of(std::string(2 << 20, ' ')), "JSON: more than 1048576 bytes");
}

TEST(Messages, SpanFrames) {
    const std::string text(100'000, 'x');
    std::string bytes;
    append_message(bytes, Kind::answer, 5, text);
    append_message(bytes, Kind::answer, 6, "");
    FrameReader reader;
    reader.feed(bytes);
    Assembler assembler;
    Payloads whole;
    while (const auto frame = reader.next())
        if (auto message = assembler.take(*frame)) whole.push_back(*message);
    EXPECT_EQ(whole, (Payloads{text, ""}));
}

TEST(Messages, HaveBounds) {
    Assembler assembler;
    const Frame part{Kind::request, true, 1, std::string(most_payload, 'x')};
    for (std::size_t size = 0; size < 2 * most_message; size += most_payload) EXPECT_FALSE(assembler.take(part));
    EXPECT_THROW((void)assembler.take({Kind::request, false, 1, "end"}), CallError);
    for (StreamId stream = 1; stream <= 64; ++stream) EXPECT_FALSE(assembler.take({Kind::request, true, stream, "x"}));
    EXPECT_THROW((void)assembler.take({Kind::request, true, 65, "x"}), CallError);
    assembler.forget(1);
    EXPECT_FALSE(assembler.take({Kind::request, true, 65, "x"}));
}

TEST(Messages, RequestsAndAnswers) {
    EXPECT_EQ(read_request(R"({"method":"list"})").method, "list");
    for (const char* wrong :
         {"[]", "{}", R"({"method":1})", R"({"method":"a","params":[]})", R"({"method":"a","extra":1})", "x"})
        EXPECT_THROW((void)read_request(wrong), CallError) << wrong;
    EXPECT_EQ(*read_answer(R"({"result":"yes"})").as_string(), "yes");
    try {
        (void)read_answer(json::write(error_answer({"busy", "not now"})));
        FAIL();
    } catch (const CallError& error) {
        EXPECT_EQ(error.code, "busy");
        EXPECT_STREQ(error.what(), "not now");
    }
    EXPECT_THROW((void)read_answer("{}"), CallError);
}

TEST(Sha256, IsThatOfTheStandard) {
    Sha256 hash; // FIPS 180-4's example
    hash.add("a");
    hash.add("bc");
    EXPECT_EQ(hash.finish(), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    EXPECT_FALSE(is_sha256("BA7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
}

} // namespace
} // namespace skerry::protocol::test
