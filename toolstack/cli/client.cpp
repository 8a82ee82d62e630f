// SPDX-License-Identifier: MIT
#include "toolstack/cli/client.h"

#include <cerrno>
#include <chrono>
#include <poll.h>
#include <random>
#include <system_error>

namespace skerry::cli {
namespace {

using protocol::Frame;
using protocol::Kind;

std::string fresh_number() {
    std::random_device device;
    std::string bytes;
    protocol::append_u32(bytes, device());
    protocol::append_u32(bytes, device());
    return bytes;
}

std::int64_t milliseconds_now() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

} // namespace

Client::Client(const std::string& socket, int patience_ms) {
    try {
        socket_ = connect_unix(socket);
    } catch (const std::system_error& error) {
        throw Unreachable("cannot reach the platform at " + std::string(error.what()) +
                          " (is it running? SKERRY_SOCKET names another socket)");
    }
    greet(patience_ms);
}

void Client::greet(int patience_ms) {
    const std::string number = fresh_number();
    protocol::append_frame(output_, {Kind::hello, false, protocol::no_stream, number});
    const std::int64_t deadline = milliseconds_now() + patience_ms;
    while (true) {
        while (const auto frame = reader_.next()) {
            check_unreachable(*frame);
            if (frame->kind == Kind::welcome && frame->payload == number) return;
            if (frame->kind == Kind::hello) // the other end starts as well
                protocol::append_frame(output_, {Kind::welcome, false, protocol::no_stream, frame->payload});
        }
        const std::int64_t left = deadline - milliseconds_now();
        if (left <= 0) throw Unreachable("the toolstack does not answer");
        (void)wait(-1, static_cast<int>(left));
    }
}

void Client::check_unreachable(const Frame& frame) const {
    if (frame.kind == Kind::cancel && frame.stream == protocol::no_stream) throw Unreachable(frame.payload);
}

bool Client::wait(int other, int timeout_ms) {
    if (!write_some(socket_, output_)) throw Unreachable("the connection to the platform is gone");
    pollfd files[2] = {{socket_.get(), static_cast<short>(POLLIN | (output_.empty() ? 0 : POLLOUT)), 0},
                       {other, POLLIN, 0}};
    if (::poll(files, other >= 0 ? 2 : 1, timeout_ms) < 0) {
        if (errno == EINTR) return false;
        throw std::system_error(errno, std::generic_category(), "poll");
    }
    if (files[0].revents & (POLLIN | POLLHUP | POLLERR)) {
        std::string bytes;
        const bool there = read_some(socket_, bytes);
        reader_.feed(bytes);
        if (!there) throw Unreachable("the connection to the platform is gone");
    }
    return other >= 0 && (files[1].revents & (POLLIN | POLLHUP)) != 0;
}

json::Value Client::call(std::string_view method, json::Value params,
                         const std::function<void(const json::Value&)>& event) {
    Call call(*this, method, std::move(params));
    while (true) {
        if (auto answer = call.take(event, [](std::string_view) {})) return *answer;
        (void)wait();
    }
}

Client::Call::Call(Client& client, std::string_view method, json::Value params)
    : client_(client), stream_(++client.last_stream_) {
    protocol::append_json(client_.output_, Kind::request, stream_, protocol::request(method, std::move(params)));
}

Client::Call::~Call() {
    client_.assembler_.forget(stream_);
    if (answered_) return;
    protocol::append_frame(client_.output_, {Kind::cancel, false, stream_, ""});
    (void)write_some(client_.socket_, client_.output_);
}

std::optional<json::Value> Client::Call::take(const std::function<void(const json::Value&)>& event,
                                              const std::function<void(std::string_view)>& data) {
    while (const auto frame = client_.reader_.next()) {
        client_.check_unreachable(*frame);
        if (frame->kind == Kind::hello) {
            answered_ = true;
            throw Interrupted("the toolstack was restarted; whether it did this is for you to look");
        }
        if (frame->stream != stream_) continue; // of a call that was given up
        if (auto answer = take_frame(*frame, event, data)) return answer;
    }
    return std::nullopt;
}

std::optional<json::Value> Client::Call::take_frame(const Frame& frame,
                                                    const std::function<void(const json::Value&)>& event,
                                                    const std::function<void(std::string_view)>& data) {
    switch (frame.kind) {
    case Kind::answer:
    case Kind::event: {
        const auto text = client_.assembler_.take(frame);
        if (!text) break;
        if (frame.kind == Kind::event) {
            event(json::parse(*text, {.size = protocol::most_message}));
            break;
        }
        answered_ = true;
        return protocol::read_answer(*text);
    }
    case Kind::data: {
        data(frame.payload);
        std::string amount;
        protocol::append_u32(amount, static_cast<std::uint32_t>(frame.payload.size()));
        protocol::append_frame(client_.output_, {Kind::credit, false, stream_, std::move(amount)});
        break;
    }
    case Kind::credit: credit_ += protocol::read_u32(frame.payload).value_or(0); break;
    case Kind::cancel:
        answered_ = true;
        throw Interrupted(frame.payload.empty() ? "the toolstack has forgotten this call" : frame.payload);
    default: break;
    }
    return std::nullopt;
}

void Client::Call::send(std::string_view bytes) {
    credit_ -= bytes.size();
    for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), protocol::most_payload)))
        protocol::append_frame(client_.output_,
                               {Kind::data, false, stream_, std::string(bytes.substr(0, protocol::most_payload))});
}

void Client::Call::end() { protocol::append_frame(client_.output_, {Kind::end, false, stream_, ""}); }

} // namespace skerry::cli
