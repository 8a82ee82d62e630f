// SPDX-License-Identifier: MIT
#include "toolstack/domain/api/server.h"

#include <algorithm>
#include <cstring>

namespace skerry::toolstack {
namespace {

using protocol::Frame;
using protocol::Kind;
using protocol::StreamId;

constexpr std::size_t much_output = 128 << 10; ///< calls wait when so much has not been written yet
constexpr std::size_t read_at_once = 4 << 10;
constexpr std::uint64_t most_credit = 1 << 24;

std::string number_bytes(std::uint64_t number) {
    std::string bytes(sizeof number, '\0');
    std::memcpy(bytes.data(), &number, sizeof number);
    return bytes;
}

} // namespace

class Server::StreamCall final : public Call {
  public:
    StreamCall(Server& server, StreamId stream, protocol::Request request)
        : server_(server), asked_ns_(server.clock_.now_ns()), stream(stream), request(std::move(request)) {}

    void event(const json::Value& event) override {
        server_.wait_for_room(*this);
        check();
        protocol::append_json(server_.output_, Kind::event, stream, event);
        server_.transport_.wake();
    }
    bool received() const override { return !input.empty() || ended; }
    std::string receive(std::uint64_t deadline_ns) override {
        const bool came = server_.monitor_.wait(server_.clock_, deadline_ns, [&] { return received() || cancelled; });
        check();
        if (!came) throw Failure(code::timed_out, request.method + ": nothing came from the client for too long");
        std::string bytes = std::move(input);
        input.clear();
        if (!bytes.empty() && !ended) {
            std::string amount;
            protocol::append_u32(amount, static_cast<std::uint32_t>(bytes.size()));
            server_.send({Kind::credit, false, stream, std::move(amount)});
            given_credit += bytes.size();
        }
        return bytes;
    }
    std::size_t send(std::string_view bytes) override {
        if (server_.output_.size() > much_output) return 0;
        std::size_t sent = 0;
        while (!bytes.empty() && credit > 0) {
            const std::string_view part = bytes.substr(0, std::min<std::uint64_t>(protocol::most_payload, credit));
            server_.send({Kind::data, false, stream, std::string(part)});
            credit -= part.size();
            sent += part.size();
            bytes.remove_prefix(part.size());
        }
        return sent;
    }
    void nudge() override {
        nudged = true;
        server_.monitor_.changed();
    }
    void wait() override {
        (void)server_.monitor_.wait(server_.clock_, 0, [&] { return received() || nudged || cancelled; });
        nudged = false;
        check();
    }
    void pause_until(std::uint64_t deadline_ns) override {
        (void)server_.monitor_.wait(server_.clock_, deadline_ns, [&] { return nudged || cancelled; });
        nudged = false;
        check();
    }
    std::uint64_t asked_ns() const override { return asked_ns_; }
    void check() const override {
        if (cancelled) throw Failure(code::cancelled, "the client went away");
    }

  private:
    Server& server_;
    const std::uint64_t asked_ns_;

  public:
    const StreamId stream;
    const protocol::Request request;
    std::string input;                                   ///< bounded by the credit given
    std::uint64_t given_credit = protocol::first_credit; ///< bytes that the client may still send
    std::uint64_t credit = protocol::first_credit;       ///< bytes that it takes
    bool ended = false, cancelled = false, nudged = false;
};

Server::Server(Monitor& monitor, Clock& clock, protocol::Transport& transport, Api& api, std::uint64_t number)
    : monitor_(monitor), clock_(clock), transport_(transport), api_(api), number_(number) {
    send({Kind::hello, false, protocol::no_stream, number_bytes(number_)});
}

Server::~Server() {
    {
        const auto lock = monitor_.enter();
        leaving_ = true;
        forget_all();
        monitor_.changed();
    }
    for (std::thread& worker : workers_) worker.join();
}

void Server::stop() {
    stopping_ = true;
    transport_.wake();
}

void Server::send(const Frame& frame) {
    protocol::append_frame(output_, frame);
    transport_.wake();
}

void Server::run() {
    while (true) {
        bool moved = false, to_write = false;
        {
            const auto lock = monitor_.enter();
            moved = turn();
            to_write = !output_.empty();
            if (stopping_ && !to_write) return;
        }
        if (transport_.closed()) return;
        if (moved)
            std::this_thread::yield();
        else
            transport_.wait(to_write, 0);
    }
}

bool Server::turn() {
    char bytes[read_at_once];
    const std::size_t count = transport_.read(bytes, sizeof bytes);
    reader_.feed({bytes, count});
    while (const auto frame = reader_.next()) take(*frame);
    const std::size_t written = transport_.write(output_);
    output_.erase(0, written);
    if (written > 0) monitor_.changed(); // somebody may wait for room
    return count > 0 || written > 0;
}

void Server::take(const Frame& frame) {
    switch (frame.kind) {
    case Kind::hello:
    case Kind::welcome: return take_greeting(frame);
    case Kind::ping: return send({Kind::pong, false, frame.stream, frame.payload});
    case Kind::request:
        if (open_) take_request(frame);
        return;
    case Kind::data:
    case Kind::end:
    case Kind::cancel:
    case Kind::credit:
        if (open_) take_for_call(frame);
        return;
    case Kind::answer:
    case Kind::event:
    case Kind::pong: return; // not for a server
    }
}

void Server::take_greeting(const Frame& frame) {
    if (frame.kind == Kind::hello) {
        forget_all();
        send({Kind::welcome, false, protocol::no_stream, frame.payload});
        open_ = true;
    } else if (frame.payload == number_bytes(number_)) {
        open_ = true;
    }
}

void Server::forget_all() {
    for (auto& [stream, call] : calls_) call->cancelled = true;
    calls_.clear();
    to_do_.clear();
    assembler_.clear();
    monitor_.changed();
}

void Server::refuse(StreamId stream, const Failure& failure) {
    protocol::append_json(output_, Kind::answer, stream, protocol::error_answer(failure));
    transport_.wake();
}

void Server::take_request(const Frame& frame) {
    if (frame.stream == protocol::no_stream || calls_.contains(frame.stream)) return; // not by a correct client
    try {
        const auto text = assembler_.take(frame);
        if (!text) return;
        if (calls_.size() == most_calls)
            throw Failure(code::busy, "the toolstack has " + std::to_string(most_calls) + " calls under way already");
        const auto call = std::make_shared<StreamCall>(*this, frame.stream, protocol::read_request(*text));
        calls_[frame.stream] = call;
        to_do_.push_back(call);
        if (idle_workers_ < to_do_.size() && workers_.size() < most_calls) workers_.emplace_back([this] { work(); });
        monitor_.changed();
    } catch (const Failure& failure) { refuse(frame.stream, failure); }
}

void Server::take_for_call(const Frame& frame) {
    const auto found = calls_.find(frame.stream);
    if (found == calls_.end()) {
        if (frame.kind == Kind::cancel) assembler_.forget(frame.stream);
        return; // it may have been answered meanwhile
    }
    StreamCall& call = *found->second;
    if (frame.kind == Kind::data) {
        if (frame.payload.size() > call.given_credit || call.ended) {
            refuse(frame.stream, Failure(code::bad_request, call.request.method + ": more data than was allowed"));
            call.cancelled = true;
        } else {
            call.given_credit -= frame.payload.size();
            call.input += frame.payload;
        }
    } else if (frame.kind == Kind::end) {
        call.ended = true;
    } else if (frame.kind == Kind::credit) {
        call.credit = std::min(call.credit + protocol::read_u32(frame.payload).value_or(0), most_credit);
        call.nudged = true;
    } else {
        call.cancelled = true;
    }
    if (call.cancelled) {
        to_do_.erase(std::remove(to_do_.begin(), to_do_.end(), found->second), to_do_.end());
        calls_.erase(found);
    }
    monitor_.changed();
}

void Server::work() {
    const auto lock = monitor_.enter();
    while (true) {
        ++idle_workers_;
        (void)monitor_.wait(clock_, 0, [&] { return leaving_ || !to_do_.empty(); });
        --idle_workers_;
        if (leaving_) return;
        const CallPointer call = to_do_.front();
        to_do_.pop_front();
        perform(*call);
    }
}

void Server::perform(StreamCall& call) {
    json::Value answer;
    try {
        answer = protocol::result_answer(api_.call(call.request, call));
    } catch (const Failure& failure) { answer = protocol::error_answer(failure); } catch (const std::exception& error) {
        answer = protocol::error_answer(Failure(code::internal, call.request.method + ": " + error.what()));
    }
    wait_for_room(call);
    if (call.cancelled) return; // nobody wants it any more
    protocol::append_json(output_, Kind::answer, call.stream, answer);
    calls_.erase(call.stream);
    transport_.wake();
}

void Server::wait_for_room(StreamCall& call) {
    (void)monitor_.wait(clock_, 0, [&] { return output_.size() < much_output || call.cancelled; });
}

} // namespace skerry::toolstack
