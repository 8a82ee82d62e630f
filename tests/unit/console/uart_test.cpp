// SPDX-License-Identifier: MIT
#include "stubdoms/console/settings.h"
#include <minios/backends/uart.h>

#include <gtest/gtest.h>

#include <deque>
#include <string>
#include <vector>

namespace {

using namespace minios::backends;
using skerry::console::read_settings;
using skerry::console::Settings;

/// A 16550 with what matters here: FIFOs whose switching empties the receiver, and a transmitter that takes 16 bytes.
class Model final : public PortIo {
  public:
    std::uint8_t in(std::uint16_t port) override {
        switch (port - 0x3f8) {
        case 0: {
            if (received.empty()) return 0;
            const char c = received.front();
            received.pop_front();
            return static_cast<std::uint8_t>(c);
        }
        case 2: return static_cast<std::uint8_t>((fifos ? 0xc0 : 0) | (asserted() ? 4 : 1));
        case 5:
            return static_cast<std::uint8_t>((received.empty() ? 0 : 1) |
                                             (transmitter.size() < (fifos ? 1 : capacity) && !busy ? 0x20 : 0));
        case 7: return present ? scratch : 0xff;
        default: return 0;
        }
    }
    void out(std::uint16_t port, std::uint8_t value) override {
        switch (port - 0x3f8) {
        case 0:
            ASSERT_LT(transmitter.size(), 16u) << "overrun";
            transmitter += static_cast<char>(value);
            break;
        case 1: enabled = value; break;
        case 2:
            if (((value & 1) != 0) != fifos || (value & 2) != 0) received.clear();
            fifos = (value & 1) != 0;
            break;
        case 7: scratch = value; break;
        default: break;
        }
    }
    bool asserted() const { return (enabled & 1) != 0 && !received.empty(); }
    void arrive(const std::string& text) { received.insert(received.end(), text.begin(), text.end()); }
    std::string sent() {
        std::string text;
        text.swap(transmitter);
        return text;
    }

    bool present = true, fifos = false, busy = false;
    std::uint8_t enabled = 0, scratch = 0;
    std::size_t capacity = 1;
    std::deque<char> received;
    std::string transmitter;
};

std::string content(auto& queue) {
    std::string text;
    for (; !queue.empty(); queue.pop()) text += queue.front();
    return text;
}

class UartTest : public testing::Test {
  protected:
    Model model;
    Uart uart{model, 0x3f8};
    ByteQueue<64> input, output;
};

TEST_F(UartTest, StartsWithoutLosingAByte) {
    model.arrive("u");
    ASSERT_TRUE(uart.start());
    uart.use_fifos();
    EXPECT_FALSE(model.fifos) << "switching them on would empty the receiver";
    uart.receive(input);
    EXPECT_EQ(content(input), "u");
    uart.use_fifos();
    EXPECT_TRUE(model.fifos);
}

TEST_F(UartTest, LeavesRunningFifosAlone) {
    model.fifos = true;
    model.arrive("typed ahead");
    ASSERT_TRUE(uart.start());
    uart.receive(input);
    EXPECT_EQ(content(input), "typed ahead");
}

TEST_F(UartTest, WithoutFifosOneByteAtATime) {
    ASSERT_TRUE(uart.start());
    output.put("ab", 2);
    model.capacity = 1;
    EXPECT_TRUE(uart.transmit(output));
    EXPECT_EQ(model.sent(), "a");
}

TEST_F(UartTest, NoDevice) {
    model.present = false;
    EXPECT_FALSE(uart.start());
}

TEST_F(UartTest, WhatHasNoRoomStaysInTheDevice) {
    ASSERT_TRUE(uart.start());
    model.arrive(std::string(100, 'a') + "end");
    EXPECT_TRUE(uart.receive(input));
    EXPECT_EQ(input.size(), 64u);
    EXPECT_EQ(model.received.size(), 39u);
    EXPECT_FALSE(uart.receive(input));
    uart.interrupt_on(input.room() > 0, false);
    EXPECT_FALSE(uart.interrupt_asserted());
    EXPECT_EQ(content(input).size(), 64u);
    uart.interrupt_on(input.room() > 0, false);
    EXPECT_TRUE(uart.interrupt_asserted());
    uart.receive(input);
    EXPECT_EQ(content(input).substr(36), "end");
}

TEST_F(UartTest, TransmitsNoFasterThanTheDevice) {
    ASSERT_TRUE(uart.start());
    uart.use_fifos();
    output.put("0123456789abcdefghij", 20);
    EXPECT_TRUE(uart.transmit(output));
    EXPECT_EQ(model.sent(), "0123456789abcdef");
    model.busy = true;
    EXPECT_FALSE(uart.transmit(output));
    model.busy = false;
    EXPECT_TRUE(uart.transmit(output));
    EXPECT_EQ(model.sent(), "ghij");
    EXPECT_FALSE(uart.transmit(output));
}

Settings read(std::vector<std::string> words, std::vector<std::string>* complaints = nullptr) {
    std::vector<char*> pointers;
    for (auto& word : words) pointers.push_back(word.data());
    Settings settings;
    read_settings(static_cast<int>(pointers.size()), pointers.data(), settings, [&](const char* word, const char*) {
        if (complaints != nullptr) complaints->push_back(word);
    });
    return settings;
}

TEST(ConsoleSettings, Reads) {
    std::vector<std::string> complaints;
    const Settings s =
        read({"builder=5", "guest=2:3:linux", "guest=4:9:other", "interactive=other", "uart=0x2f8", "irq=3", "log=no"},
             &complaints);
    EXPECT_TRUE(complaints.empty());
    EXPECT_EQ(s.guest_count, 2u);
    EXPECT_EQ(s.interactive, 1u);
    EXPECT_EQ(s.uart, 0x2f8);
    EXPECT_EQ(s.irq, 3);
    EXPECT_EQ(s.builder_port, 5u);
    EXPECT_FALSE(s.log);
    EXPECT_EQ(read({"irq=none"}).irq, -1);
}

TEST(ConsoleSettings, Complains) {
    std::vector<std::string> complaints;
    std::vector<std::string> words = {
        "what", "guest=x", "uart=0xfffff", "irq=99999999999999999999", "interactive=nobody", "uart=0x", "builder="};
    EXPECT_EQ(read(words, &complaints).guest_count, 0u);
    EXPECT_EQ(complaints.size(), words.size());
    complaints.clear();
    std::vector<std::string> many(Settings::most_guests + 1, "guest=1:1:g");
    EXPECT_EQ(read(many, &complaints).guest_count, Settings::most_guests);
    EXPECT_EQ(complaints.size(), 1u);
}

} // namespace
