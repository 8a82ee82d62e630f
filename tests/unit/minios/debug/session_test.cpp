// SPDX-License-Identifier: MIT
#include "minios/debug/session.h"

#include "fake_target.h"

#include <gtest/gtest.h>

#include <string>

namespace minios::debug::test {
namespace {

class GdbSession : public testing::Test {
  protected:
    void SetUp() override {
        fake = {};
        session_.stopped({.signal = Signal::trap});
    }
    std::string ask(std::string_view packet) {
        next_ = session_.handle(packet, *reply_);
        EXPECT_FALSE(reply_->overflowed());
        return std::string(reply_->text());
    }
    Next told(std::string_view packet) {
        ask(packet);
        return next_;
    }

    Session session_;
    std::unique_ptr<Reply> reply_ = std::make_unique<Reply>();
    Next next_ = Next::answer;
};

TEST_F(GdbSession, Unknown) {
    for (const char* packet :
         {"", "!", "R", "X10000,0:", "vMustReplyEmpty", "qSymbol::", "QPassSignals:e", "Z3,10000,1"})
        EXPECT_EQ(ask(packet), "") << packet;
}

TEST_F(GdbSession, Stops) {
    EXPECT_EQ(ask("?"), "T05thread:1;");
    session_.stopped({.signal = Signal::segment});
    EXPECT_EQ(ask("?"), "T0bthread:1;");
    session_.stopped({.stopper = target::Stopper::breakpoint});
    EXPECT_EQ(ask("?"), "T05thread:1;swbreak:;");
    session_.stopped({.stopper = target::Stopper::write_watchpoint, .watched = 0x12340});
    EXPECT_EQ(ask("?"), "T05thread:1;watch:12340;");
}

TEST_F(GdbSession, Registers) {
    const std::string all = ask("g");
    EXPECT_EQ(all.size(), 536u * 2);
    EXPECT_EQ(all.substr(16, 16), "1111111111111111");
    EXPECT_EQ(ask("p1"), "1111111111111111");
    EXPECT_EQ(ask("p39"), ask("p39").substr(0, 16)) << "fs_base is not part of g";
    EXPECT_EQ(ask("P1=efcdab8967452301"), "OK");
    EXPECT_EQ(fake.registers.get(rbx), 0x0123456789abcdefu);
    EXPECT_EQ(ask("G" + all), "OK");
    EXPECT_EQ(fake.registers.get(rbx), 0x1111111111111111u);
    const RegisterFile before = fake.registers;
    for (const char* packet : {"p3b", "p", "pzz", "p1x", "P1", "P1=", "P1=00", "P1=000000000000000000", "P3b=00", "G00",
                               "Gxx", "P12=00000000"}) // the last changes cs
        EXPECT_EQ(ask(packet), "E22") << packet;
    EXPECT_EQ(ask("G" + all + "00"), "E22");
    EXPECT_EQ(std::memcmp(&before, &fake.registers, sizeof before), 0);
}

TEST_F(GdbSession, OtherThreads) {
    EXPECT_EQ(ask("qfThreadInfo"), "m1,2,7");
    EXPECT_EQ(ask("qsThreadInfo"), "l");
    EXPECT_EQ(ask("qC"), "QC1");
    EXPECT_EQ(ask("qThreadExtraInfo,7"), "776f726b6572");
    EXPECT_EQ(ask("T7"), "OK");
    EXPECT_EQ(ask("Hg7"), "OK");
    EXPECT_EQ(ask("p0"), "xxxxxxxxxxxxxxxx");
    EXPECT_EQ(ask("p10"), "1011111111111111");
    EXPECT_EQ(ask("P10=0000000000000000"), "E16");
    EXPECT_EQ(ask("Hg0"), "OK");
    EXPECT_EQ(ask("p1"), "1111111111111111");
    for (const char* packet : {"T3", "T0", "T", "T100000001", "Hg3", "qThreadExtraInfo,3", "qThreadExtraInfo,"})
        EXPECT_EQ(ask(packet), "E02") << packet;
    for (const char* packet : {"H", "Hx1", "Hg", "Hg-2", "Hg100000001"}) EXPECT_EQ(ask(packet), "E22") << packet;
}

TEST_F(GdbSession, ManyThreadsComeInPieces) {
    fake.threads.clear();
    for (unsigned thread = 1; thread <= 3000; ++thread) fake.threads.push_back(thread);
    std::string all = ask("qfThreadInfo").substr(1);
    for (std::string piece; (piece = ask("qsThreadInfo")) != "l"; all += "," + piece.substr(1))
        ASSERT_EQ(piece[0], 'm');
    EXPECT_EQ(std::count(all.begin(), all.end(), ','), 2999);
    EXPECT_EQ(all.substr(all.size() - 4), ",bb8");
}

TEST_F(GdbSession, Memory) {
    EXPECT_EQ(ask("m10000,4"), "00070e15");
    EXPECT_EQ(ask("m1fffe,4"), ask("m1fffe,2")) << "as much as there is";
    EXPECT_EQ(ask("m10000,0"), "");
    EXPECT_EQ(ask("m10000,ffffffffffffffff").size(), largest_packet);
    EXPECT_EQ(ask("M12000,3:aabbcc"), "OK");
    EXPECT_EQ(ask("m12000,4"), "aabbcc15");
    for (const char* packet : {"m0,1", "mffffffffffffffff,2", "m20000,1", "M10000,1:00", "M1ffff,2:0000", "M0,1:00"})
        EXPECT_EQ(ask(packet), "E14") << packet;
    for (const char* packet : {"m", "m10000", "m10000,", "m10000,4x", "m,4", "m11111111111111111,1", "M12000,2:00",
                               "M12000,1:0", "M12000,1:zz", "M12000,1", "M12000,ffffffffffffffff:00", "M12000,1:000"})
        EXPECT_EQ(ask(packet), "E22") << packet;
}

TEST_F(GdbSession, Stoppers) {
    EXPECT_EQ(ask("Z0,10000,1"), "OK");
    EXPECT_EQ(ask("Z2,10010,8"), "OK");
    EXPECT_EQ(fake.stoppers.size(), 2u);
    EXPECT_EQ(ask("Z0,0,1"), "E14");
    EXPECT_EQ(ask("z2,10010,8"), "OK");
    EXPECT_EQ(ask("z2,10010,8"), "E02");
    for (int i = 0; i < 3; ++i) EXPECT_EQ(ask("Z1,10020,1"), "OK");
    EXPECT_EQ(ask("Z4,10020,1"), "E28");
    for (const char* packet : {"Z", "Z0", "Z0,10000", "Z,10000,1", "z0,10000,"})
        EXPECT_EQ(ask(packet), "E22") << packet;
    for (const char* packet : {"Z5,10000,1", "Z0,10000,1;X1,0"}) EXPECT_EQ(ask(packet), "") << packet;
}

TEST_F(GdbSession, GoingOn) {
    EXPECT_EQ(told("c"), Next::run);
    EXPECT_EQ(told("s"), Next::step);
    EXPECT_EQ(told("c10020"), Next::run);
    EXPECT_EQ(fake.registers.get(rip), 0x10020u);
    EXPECT_EQ(told("C05"), Next::take_signal);
    EXPECT_EQ(told("C02"), Next::run);
    EXPECT_EQ(told("S02;10030"), Next::step);
    EXPECT_EQ(fake.registers.get(rip), 0x10030u);
    EXPECT_EQ(told("k"), Next::end_program);
    EXPECT_EQ(ask("D"), "OK");
    EXPECT_EQ(next_, Next::run_detached);
    EXPECT_EQ(ask("vKill;1"), "OK");
    EXPECT_EQ(next_, Next::end_program);
    for (const char* packet : {"cx", "C", "Cx", "C05x", "C05;x", "S05;1x", "vCont", "vContx"})
        EXPECT_EQ(told(packet), std::string_view(packet) == "vCont" ? Next::run : Next::answer) << packet;
}

TEST_F(GdbSession, GoingOnByThread) {
    EXPECT_EQ(ask("vCont?"), "vCont;c;C;s;S");
    EXPECT_EQ(told("vCont;c"), Next::run);
    EXPECT_EQ(told("vCont;s:1;c"), Next::step);
    EXPECT_EQ(told("vCont;c:7;s"), Next::step);
    EXPECT_EQ(told("vCont;C05:1"), Next::take_signal);
    EXPECT_EQ(told("vCont;s:-1"), Next::step);
    EXPECT_EQ(ask("vCont;s:7;c"), "E16") << "it does not run";
    EXPECT_EQ(ask("Hc7"), "OK");
    EXPECT_EQ(ask("s"), "E16");
    for (const char* packet : {"vCont;", "vCont;x", "vCont;c:", "vCont;c:x", "vCont;C", "vCont;c;", "vCont;c:1x"})
        EXPECT_EQ(ask(packet), std::string_view(packet) == "vCont;C" ? "" : "E22") << packet;
}

TEST_F(GdbSession, Conversation) {
    EXPECT_NE(ask("qSupported:swbreak+").find("PacketSize=1000;"), std::string::npos);
    EXPECT_FALSE(session_.without_acknowledgements());
    EXPECT_EQ(ask("QStartNoAckMode"), "OK");
    EXPECT_TRUE(session_.without_acknowledgements());
    ask("qSupported");
    EXPECT_FALSE(session_.without_acknowledgements()) << "somebody new";
    EXPECT_EQ(ask("qAttached"), "0");
    const std::string first = ask("qXfer:features:read:target.xml:0,20"),
                      rest = ask("qXfer:features:read:target.xml:20,1000");
    EXPECT_EQ(first.size(), 1u + 0x20);
    EXPECT_EQ(first.substr(0, 6), "m<?xml");
    EXPECT_EQ(rest[0], 'l');
    EXPECT_NE((first.substr(1) + rest.substr(1)).find("<architecture>i386:x86-64</architecture>"), std::string::npos);
    EXPECT_EQ(ask("qXfer:features:read:target.xml:ffffffffffffffff,1"), "E22");
    EXPECT_EQ(ask("qXfer:features:read:target.xml:0"), "E22");
    EXPECT_EQ(ask("qXfer:features:read:other.xml:0,1"), "");
}

} // namespace
} // namespace minios::debug::test
