// SPDX-License-Identifier: MIT
// The server over a transport in memory, with real threads: greetings, calls, streams of bytes, what clients do wrong.
#include "tests/unit/toolstack/fakes.h"

#include "toolstack/domain/api/server.h"
#include "toolstack/protocol/sha256.h"

#include <condition_variable>
#include <gtest/gtest.h>
#include <mutex>

namespace skerry::toolstack::test {
namespace {

using protocol::Frame;
using protocol::Kind;

class MemoryTransport final : public protocol::Transport {
  public:
    std::size_t read(char* to, std::size_t size) override {
        const std::lock_guard lock(mutex_);
        const std::size_t count = std::min(size, to_server_.size());
        to_server_.copy(to, count);
        to_server_.erase(0, count);
        return count;
    }
    std::size_t write(std::string_view bytes) override {
        const std::lock_guard lock(mutex_);
        to_client_ += bytes;
        changed_.notify_all();
        return bytes.size();
    }
    void wait(bool, std::uint64_t) override {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return woken_ || !to_server_.empty() || closed_; });
        woken_ = false;
    }
    void wake() override {
        const std::lock_guard lock(mutex_);
        woken_ = true;
        changed_.notify_all();
    }
    bool closed() const override {
        const std::lock_guard lock(mutex_);
        return closed_;
    }
    void close() {
        const std::lock_guard lock(mutex_);
        closed_ = true;
        changed_.notify_all();
    }

    void send(const std::string& bytes) {
        const std::lock_guard lock(mutex_);
        to_server_ += bytes;
        changed_.notify_all();
    }
    /// Bytes that the server wrote; waits for some.
    std::string take() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [&] { return !to_client_.empty(); });
        return std::exchange(to_client_, {});
    }

  private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::string to_server_, to_client_;
    bool woken_ = false, closed_ = false;
};

class ServerTest : public testing::Test {
  protected:
    ServerTest()
        : server(platform.monitor, platform.clock, transport, platform.api, 42), thread([this] { server.run(); }) {}
    ~ServerTest() override {
        transport.close();
        thread.join();
    }
    void send(const Frame& frame) {
        std::string bytes;
        protocol::append_frame(bytes, frame);
        transport.send(bytes);
    }
    void request(protocol::StreamId stream, const std::string& text) {
        std::string bytes;
        protocol::append_message(bytes, Kind::request, stream, text);
        transport.send(bytes);
    }
    Frame next() {
        while (true) {
            if (const auto frame = reader.next()) return *frame;
            reader.feed(transport.take());
        }
    }
    Frame next(Kind kind) {
        while (true) {
            Frame frame = next();
            if (frame.kind == kind) return frame;
        }
    }
    void greet() {
        send({Kind::hello, false, 0, "12345678"});
        EXPECT_EQ(next(Kind::welcome).payload, "12345678");
    }

    FakePlatform platform;
    MemoryTransport transport;
    Server server;
    protocol::FrameReader reader;
    std::thread thread;
};

TEST_F(ServerTest, GreetsAndAnswersAfterAGreetingOnly) {
    const Frame hello = next();
    EXPECT_EQ(hello.kind, Kind::hello);
    request(1, R"({"method":"destroy","params":{"domain":"web"}})"); // meant for a former instance
    send({Kind::welcome, false, 0, "87654321"});                     // an answer to somebody else
    request(2, R"({"method":"version"})");
    send({Kind::ping, false, 0, "x"});
    EXPECT_EQ(next().kind, Kind::pong) << "nothing before has been answered";
    send({Kind::welcome, false, 0, hello.payload});
    request(3, R"({"method":"version"})");
    const Frame answer = next();
    EXPECT_EQ(answer.kind, Kind::answer);
    EXPECT_EQ(answer.stream, 3u);
}

TEST_F(ServerTest, AnswersManyCallsAtOnce) {
    greet();
    for (protocol::StreamId stream = 1; stream <= 20; ++stream) request(stream, R"({"method":"list"})");
    std::set<protocol::StreamId> answered;
    while (answered.size() < 20) answered.insert(next(Kind::answer).stream);
}

TEST_F(ServerTest, TellsWhatIsWrongWithARequest) {
    greet();
    request(1, "{");
    EXPECT_NE(next(Kind::answer).payload.find("bad-request"), std::string::npos);
    request(2, R"({"method":"dance"})");
    EXPECT_NE(next(Kind::answer).payload.find("there is no method"), std::string::npos);
    request(3, std::string(2 << 20, ' '));
    EXPECT_NE(next(Kind::answer).payload.find("more than 1048576 bytes"), std::string::npos);
    transport.send("noise\xf5noise");
    request(4, R"({"method":"version"})");
    EXPECT_EQ(next(Kind::answer).stream, 4u);
}

std::string put_request(std::size_t size, const std::string& sha256) {
    return R"({"method":"images.put","params":{"name":"k","size":)" + std::to_string(size) + R"(,"sha256":")" + sha256 +
           "\"}}";
}

TEST_F(ServerTest, TakesAnUploadByCredit) {
    greet();
    const std::string content(300'000, 'u');
    protocol::Sha256 hash;
    hash.add(content);
    request(1, put_request(content.size(), hash.finish()));
    EXPECT_NE(next(Kind::event).payload.find("ready"), std::string::npos);
    std::size_t sent = 0, credit = protocol::first_credit;
    while (sent < content.size()) {
        const std::size_t part = std::min({protocol::most_payload, credit, content.size() - sent});
        if (part > 0) {
            send({Kind::data, false, 1, content.substr(sent, part)});
            sent += part;
            credit -= part;
        } else {
            credit += *protocol::read_u32(next(Kind::credit).payload);
        }
    }
    send({Kind::end, false, 1, ""});
    EXPECT_NE(next(Kind::answer).payload.find("\"was_there\":false"), std::string::npos);
    EXPECT_EQ(platform.builder.held.at("k"), content);
}

TEST_F(ServerTest, EndsACallThatSendsMoreThanItMay) {
    greet();
    request(1, put_request(1'000'000, std::string(64, 'a')));
    (void)next(Kind::event);
    bool go_on = false;
    platform.builder.on_data = [&] { (void)platform.monitor.wait(platform.clock, 0, [&] { return go_on; }); };
    // What was there at the first look is taken, which gives new credit for as much; then nothing is.
    constexpr std::size_t too_many = 2 * protocol::first_credit / protocol::most_payload + 1;
    for (std::size_t i = 0; i < too_many; ++i) send({Kind::data, false, 1, std::string(protocol::most_payload, 'x')});
    EXPECT_NE(next(Kind::answer).payload.find("more data than was allowed"), std::string::npos);
    {
        const auto lock = platform.monitor.enter();
        go_on = true;
        platform.monitor.changed();
    }
    request(2, R"({"method":"version"})");
    EXPECT_EQ(next(Kind::answer).stream, 2u);
}

TEST_F(ServerTest, ForgetsAClientThatGoes) {
    greet();
    for (const Kind how : {Kind::cancel, Kind::hello}) {
        request(1, put_request(1000, std::string(64, 'a')));
        (void)next(Kind::event);
        send({how, false, how == Kind::cancel ? 1u : 0u, "12345678"});
        // The upload has ended when another may begin.
        for (protocol::StreamId stream = 2;; ++stream) {
            request(stream, put_request(1000, std::string(64, 'b')));
            const Frame frame = [&] {
                while (true) {
                    const Frame each = next();
                    if (each.kind == Kind::event || each.kind == Kind::answer) return each;
                }
            }();
            if (frame.kind == Kind::event) {
                send({Kind::end, false, stream, ""});
                EXPECT_NE(next(Kind::answer).payload.find("ended after 0 of 1000 bytes"), std::string::npos);
                break;
            }
            EXPECT_NE(frame.payload.find("is being uploaded"), std::string::npos) << frame.payload;
        }
    }
}

TEST_F(ServerTest, StreamsAConsole) {
    greet();
    request(1, R"({"method":"console","params":{"domain":"console"}})");
    EXPECT_NE(next(Kind::event).payload.find("attached"), std::string::npos);
    send({Kind::data, false, 1, "hello"});
    EXPECT_EQ(next(Kind::data).payload, "echo: hello");
    send({Kind::end, false, 1, ""});
    EXPECT_EQ(next(Kind::answer).stream, 1u);
}

TEST_F(ServerTest, RefusesTooManyCalls) {
    greet();
    for (protocol::StreamId stream = 1; stream <= Server::most_calls; ++stream) {
        request(stream, R"({"method":"console","params":{"domain":"console"}})");
        (void)next(Kind::event);
    }
    request(1000, R"({"method":"version"})");
    EXPECT_NE(next(Kind::answer).payload.find("\"busy\""), std::string::npos);
    send({Kind::end, false, 1, ""});
    EXPECT_EQ(next(Kind::answer).stream, 1u);
    request(1001, R"({"method":"version"})");
    EXPECT_EQ(next(Kind::answer).stream, 1001u);
}

} // namespace
} // namespace skerry::toolstack::test
