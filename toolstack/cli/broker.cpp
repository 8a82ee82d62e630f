// SPDX-License-Identifier: MIT
#include "toolstack/cli/broker.h"

#include <cerrno>
#include <chrono>
#include <poll.h>
#include <random>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace skerry::cli {
namespace {

using protocol::Frame;
using protocol::Kind;
using protocol::no_stream;

// Milliseconds.
constexpr std::int64_t reconnect_interval = 500, tick = 250;
constexpr std::int64_t patience_with_greeting = 8000; ///< of a client, while no toolstack answers
constexpr std::int64_t quiet_before_ping = 5000, patience_with_silence = 60000;
constexpr std::size_t much = 1 << 20; ///< bytes waiting for the line: clients are not read; for a client: it is let go

std::int64_t now() {
    using namespace std::chrono;
    return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

std::string fresh_number() {
    std::random_device device;
    std::string bytes;
    protocol::append_u32(bytes, device());
    protocol::append_u32(bytes, device());
    return bytes;
}

} // namespace

Broker::Broker(std::string serial, const std::string& listen)
    : serial_path_(std::move(serial)), listen_path_(listen), listener_(listen_unix(listen)) {}

Broker::~Broker() { ::unlink(listen_path_.c_str()); }

void Broker::run() {
    while (!stopping_) poll_once();
}

void Broker::connect_line() {
    try {
        line_ = connect_unix(serial_path_);
    } catch (const std::system_error&) {
        connect_at_ = now() + reconnect_interval;
        return;
    }
    line_reader_ = {};
    number_ = fresh_number();
    line_output_.clear();
    protocol::append_frame(line_output_, {Kind::hello, false, no_stream, number_});
    heard_at_ = pinged_at_ = now();
}

void Broker::lose_line(const char* why) {
    forget_streams(why);
    line_.close();
    greeted_ = false;
    connect_at_ = now() + reconnect_interval;
}

void Broker::forget_streams(const char* why) {
    for (const auto& [stream, owner] : owners_)
        protocol::append_frame(owner.client->output, {Kind::cancel, false, owner.stream, why});
    owners_.clear();
    for (Client& client : clients_) client.on_line.clear();
}

void Broker::forget(Client& client) {
    for (const auto& [stream, line_stream] : client.on_line) {
        owners_.erase(line_stream);
        if (line_) protocol::append_frame(line_output_, {Kind::cancel, false, line_stream, ""});
    }
    client.on_line.clear();
    client.gone = true;
}

void Broker::welcome_clients() {
    greeted_ = true;
    for (Client& client : clients_) {
        if (client.greeting.empty()) continue;
        protocol::append_frame(client.output, {Kind::welcome, false, no_stream, client.greeting});
        client.greeting.clear();
    }
}

void Broker::take_from_line(Frame frame) {
    if (frame.kind == Kind::hello) { // it has started: it knows of no stream
        forget_streams("the toolstack was restarted; whether it did this is for you to look");
        protocol::append_frame(line_output_, {Kind::welcome, false, no_stream, frame.payload});
        return welcome_clients();
    }
    if (frame.kind == Kind::welcome && frame.payload == number_) return welcome_clients();
    const auto found = owners_.find(frame.stream);
    if (found == owners_.end()) return;
    const Owner owner = found->second;
    if ((frame.kind == Kind::answer && !frame.more) || frame.kind == Kind::cancel) {
        owners_.erase(found);
        owner.client->on_line.erase(owner.stream);
    }
    frame.stream = owner.stream;
    protocol::append_frame(owner.client->output, frame);
}

void Broker::take_from_client(Client& client, Frame frame) {
    if (frame.kind == Kind::hello) {
        client.greeting = frame.payload;
        client.greeted_at = now();
        if (greeted_) welcome_clients();
        return;
    }
    if (frame.kind == Kind::ping)
        return protocol::append_frame(client.output, {Kind::pong, false, no_stream, frame.payload});
    if (frame.stream == no_stream) return;
    if (!greeted_) {
        if (frame.kind == Kind::request && !frame.more)
            protocol::append_frame(client.output, {Kind::cancel, false, frame.stream, "the toolstack is not there"});
        return;
    }
    auto found = client.on_line.find(frame.stream);
    if (found == client.on_line.end()) {
        if (frame.kind != Kind::request) return; // of a stream that is over
        do ++last_stream_;
        while (last_stream_ == no_stream || owners_.contains(last_stream_));
        found = client.on_line.emplace(frame.stream, last_stream_).first;
        owners_[last_stream_] = {&client, frame.stream};
    }
    frame.stream = found->second;
    if (frame.kind == Kind::cancel) {
        owners_.erase(found->second);
        client.on_line.erase(found);
    }
    protocol::append_frame(line_output_, frame);
}

void Broker::look_at_time() {
    const std::int64_t time = now();
    for (Client& client : clients_) {
        if (client.greeting.empty() || time - client.greeted_at < patience_with_greeting) continue;
        client.greeting.clear();
        protocol::append_frame(client.output,
                               {Kind::cancel, false, no_stream,
                                line_ ? "no toolstack answers on the serial line " + serial_path_
                                      : "there is no serial line at " + serial_path_ + " (is the platform running?)"});
    }
    if (!line_ || owners_.empty()) {
        heard_at_ = time;
        return;
    }
    if (time - heard_at_ > patience_with_silence) {
        forget_streams("the toolstack does not answer any more");
        greeted_ = false;
        number_ = fresh_number();
        protocol::append_frame(line_output_, {Kind::hello, false, no_stream, number_});
    } else if (time - heard_at_ > quiet_before_ping && time - pinged_at_ > quiet_before_ping) {
        pinged_at_ = time;
        protocol::append_frame(line_output_, {Kind::ping, false, no_stream, ""});
    }
}

void Broker::poll_once() {
    if (!line_ && now() >= connect_at_) connect_line();
    look_at_time();
    std::vector<pollfd> files;
    files.push_back({listener_.get(), POLLIN, 0});
    files.push_back(
        {line_.get(), static_cast<short>(POLLIN | (line_output_.empty() ? 0 : POLLOUT)), 0}); // -1 is skipped
    for (const Client& client : clients_)
        files.push_back(
            {client.socket.get(),
             static_cast<short>((line_output_.size() < much ? POLLIN : 0) | (client.output.empty() ? 0 : POLLOUT)), 0});
    if (::poll(files.data(), files.size(), static_cast<int>(tick)) < 0 && errno != EINTR)
        throw std::system_error(errno, std::generic_category(), "poll");

    constexpr short readable = POLLIN | POLLHUP | POLLERR;
    std::size_t index = 2;
    for (Client& client : clients_) {
        if (files[index++].revents & readable) {
            std::string bytes;
            const bool there = read_some(client.socket, bytes);
            client.reader.feed(bytes);
            while (auto frame = client.reader.next()) take_from_client(client, std::move(*frame));
            if (!there) forget(client);
        }
    }
    if (line_ && (files[1].revents & readable)) {
        std::string bytes;
        const bool there = read_some(line_, bytes);
        if (!bytes.empty()) heard_at_ = now();
        line_reader_.feed(bytes);
        while (auto frame = line_reader_.next()) take_from_line(std::move(*frame));
        if (!there) lose_line("the serial line is gone");
    }
    if (line_ && !write_some(line_, line_output_)) lose_line("the serial line is gone");
    for (Client& client : clients_) {
        if (client.gone) continue;
        if (!write_some(client.socket, client.output) || client.output.size() > much) forget(client);
    }
    clients_.remove_if([](const Client& client) { return client.gone; });
    if (files[0].revents & POLLIN) {
        if (FileDescriptor socket = accept_unix(listener_)) {
            clients_.emplace_back();
            clients_.back().socket = std::move(socket);
        }
    }
}

} // namespace skerry::cli
