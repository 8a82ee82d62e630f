// SPDX-License-Identifier: MIT
// Both ends of a channel on one page: bytes and messages arrive as they were sent, either end may start anew at any point,
// and a peer that writes nonsense into the page harms nobody but itself. Threads and events are stood in for: a wait lets
// the other end have its turn.
#include <minios/channel.h>

#include <array>
#include <deque>
#include <functional>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <random>
#include <string>

extern "C" {
#include <xen/io/libxenvchan.h>
}

namespace {

struct Stuck {}; // nobody can go on

struct World {
    std::map<std::uint32_t, std::pair<minios::events::Handler, void*>> handlers;
    std::deque<std::uint32_t> pending;
    std::function<bool()> turn; ///< the other end's; false: it has nothing to do

    bool deliver() {
        if (pending.empty()) return false;
        const std::uint32_t port = pending.front();
        pending.pop_front();
        if (auto found = handlers.find(port); found != handlers.end())
            found->second.first(minios::Port{port}, found->second.second);
        return true;
    }
    void settle() {
        while (deliver()) {}
    }
} world;

} // namespace

namespace minios {

void events::set_handler(Port port, Handler handler, void* context) { world.handlers[port.value] = {handler, context}; }
Result<void> events::notify(Port port) {
    world.pending.push_back(port.value ^ 1); // the two ends are ports 2 and 3
    return {};
}
bool WaitQueue::wait(std::uint64_t) {
    if (world.deliver() || (world.turn && world.turn())) return true;
    throw Stuck();
}
void WaitQueue::wake_all() {}

namespace {

constexpr Port client_port{2}, server_port{3};

class ChannelTest : public testing::Test {
  protected:
    ChannelTest() { world = {}; }
    void start_client() {
        page->fill(std::byte{0}); // its builder's
        client = std::make_unique<Channel>();
        client->open(Channel::End::client, page->data(), client_port);
        world.settle();
    }
    void start_server() {
        server = std::make_unique<Channel>();
        server->open(Channel::End::server, page->data(), server_port);
        world.settle();
    }
    void start() {
        start_client();
        start_server();
        ASSERT_TRUE(client->connected() && server->connected());
    }
    /// Moves `text` from one end to the other, which takes it in pieces.
    static std::string carry(Channel& from, Channel& to, const std::string& text, std::size_t piece) {
        std::string arrived;
        world.turn = [&] {
            if (!to.readable()) return false;
            std::string bytes(1, '?');
            while (bytes.size() <= piece && to.readable()) {
                EXPECT_TRUE(to.read(bytes.data(), 1));
                arrived += bytes[0];
                bytes.resize(bytes.size() + 1);
            }
            return true;
        };
        EXPECT_TRUE(from.write(text.data(), text.size()));
        world.settle();
        while (world.turn()) world.settle();
        world.turn = nullptr;
        return arrived;
    }
    vchan_interface& header() { return *reinterpret_cast<vchan_interface*>(page->data()); }

    std::unique_ptr<std::array<std::byte, 4096>> page = std::make_unique<std::array<std::byte, 4096>>();
    std::unique_ptr<Channel> client, server;
};

TEST_F(ChannelTest, EndsMeetWhoeverComesFirst) {
    start_client();
    EXPECT_FALSE(client->connected());
    start_server();
    EXPECT_TRUE(client->connected() && server->connected());

    page->fill(std::byte{0});
    world = {};
    start_server();
    EXPECT_FALSE(server->connected());
    client = std::make_unique<Channel>();
    client->open(Channel::End::client, page->data(), client_port);
    world.settle();
    EXPECT_TRUE(client->connected() && server->connected());
}

TEST_F(ChannelTest, BytesArriveInOrderBothWays) {
    start();
    std::mt19937 random(5);
    for (std::size_t size : {0, 1, 1023, 1024, 1025, 2048, 5000, 20000}) {
        std::string text(size, ' ');
        for (char& c : text) c = static_cast<char>(random());
        EXPECT_EQ(carry(*client, *server, text, 1 + random() % 700), text);
        EXPECT_EQ(carry(*server, *client, text, 1 + random() % 700), text);
    }
}

TEST_F(ChannelTest, MessagesKeepTheirLengths) {
    start();
    char buffer[channel_message::most_bytes];
    for (const std::string& text : {std::string(), std::string("x"), std::string(2000, 'y')}) {
        ASSERT_TRUE(channel_message::send(*client, text.data(), text.size() / 2, text.data() + text.size() / 2,
                                          text.size() - text.size() / 2));
        world.settle();
        ASSERT_EQ(channel_message::receive(*server, buffer, sizeof buffer), static_cast<long>(text.size()));
        EXPECT_EQ(std::string(buffer, text.size()), text);
    }
    ASSERT_TRUE(channel_message::send(*client, "longer than that", 16));
    ASSERT_TRUE(channel_message::send(*client, "ok", 2));
    EXPECT_EQ(channel_message::receive(*server, buffer, 8), channel_message::too_long);
    EXPECT_EQ(channel_message::receive(*server, buffer, 8), 2); // what came behind it is still in step
}

TEST_F(ChannelTest, WhatWasUnderWayIsLostWhenEitherEndStartsAnew) {
    start();
    for (bool server_dies : {true, false, true}) {
        const unsigned before = client->generation();
        ASSERT_TRUE(client->write("abc", 3));
        ASSERT_TRUE(server->write("xyz", 3));
        if (server_dies) {
            start_server();
            EXPECT_NE(client->generation(), before); // told so
        } else {
            server->close();
            start_client();
            start_server(); // the builder rang
        }
        ASSERT_TRUE(client->connected() && server->connected());
        EXPECT_FALSE(client->readable() || server->readable());
        EXPECT_EQ(carry(*client, *server, "again", 3), "again");
        EXPECT_EQ(carry(*server, *client, "again", 3), "again");
    }
}

TEST_F(ChannelTest, AReaderOrWriterThatWaitsIsToldOfIt) {
    start();
    world.turn = [&] {
        start_server();
        return true;
    };
    char byte;
    EXPECT_FALSE(client->read(&byte, 1));
    const std::string much(5000, 'x');
    EXPECT_FALSE(client->write(much.data(), much.size())); // nobody reads; then the server starts anew
    world.turn = [&] {
        server->close();
        return true;
    };
    EXPECT_FALSE(server->read(&byte, 1));
    EXPECT_FALSE(server->write(&byte, 1));
}

// A server killed between any two steps of the start: the next one gets through.
TEST_F(ChannelTest, ServersThatDieWhileTheyConnect) {
    for (int steps = 0; steps < 8; ++steps) {
        start();
        for (int lives = 0; lives < 3; ++lives) {
            server = std::make_unique<Channel>();
            server->open(Channel::End::server, page->data(), server_port);
            for (int i = 0; i < steps; ++i) world.deliver();
            std::erase(world.pending, server_port.value); // went with it
        }
        start_server();
        ASSERT_TRUE(client->connected() && server->connected()) << steps;
        EXPECT_EQ(carry(*client, *server, "hello", 9), "hello") << steps;
        EXPECT_EQ(carry(*server, *client, "hello", 9), "hello") << steps;
    }
}

TEST_F(ChannelTest, NonsenseInThePageHarmsNobodyElse) {
    start();
    header().left.prod = 5000; // more than the ring holds
    EXPECT_FALSE(client->readable());
    header().right.cons = 77777;
    char byte = 0;
    EXPECT_THROW((void)client->write(&byte, 1), Stuck); // it waits, within bounds
    std::mt19937 random(9);
    for (int round = 0; round < 20000; ++round) {
        auto* bytes = reinterpret_cast<std::uint8_t*>(page->data());
        bytes[random() % sizeof(vchan_interface)] =
            static_cast<std::uint8_t>(random() % 4 == 0 ? random() : random() % 3);
        for (Channel* end : {client.get(), server.get()}) {
            char some[300] = {};
            world.pending.push_back(random() % 2 ? 2 : 3);
            world.deliver();
            if (world.pending.size() > 20) world.pending.clear();
            try {
                if (random() % 2)
                    (void)end->read(some, random() % sizeof some);
                else
                    (void)end->write(some, random() % sizeof some);
            } catch (const Stuck&) {}
        }
    }
}

} // namespace
} // namespace minios
