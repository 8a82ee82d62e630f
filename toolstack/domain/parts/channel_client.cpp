// SPDX-License-Identifier: MIT
#include "toolstack/domain/parts/channel_client.h"

namespace skerry::toolstack {
namespace {

constexpr std::uint64_t patience_for_connection = 10 * second; // a restart takes less
constexpr std::uint64_t patience_for_answer = 120 * second;    // building a large guest takes long

std::string compose(std::string_view line, std::string_view body) {
    std::string message(line);
    message += '\n';
    message += body;
    if (message.size() > ChannelClient::longest_message)
        throw Failure(code::bad_request, "a message of " + std::to_string(message.size()) + " bytes is too long");
    return message;
}

} // namespace

ChannelClient::ChannelClient(Monitor& monitor, Clock& clock, ChannelStream& stream, std::string peer)
    : monitor_(monitor), clock_(clock), stream_(stream), peer_(std::move(peer)) {
    stream_.listen([this](std::string_view message) { take(message); }, [this] { stream_changed(); });
}

void ChannelClient::stream_changed() {
    if (stream_.connection() != connection_) {
        connection_ = stream_.connection();
        if (lost_) lost_();
    }
    monitor_.changed();
}

void ChannelClient::take(std::string_view message) {
    const std::size_t end = message.find('\n');
    Message parts{std::string(message.substr(0, end)),
                  std::string(end == std::string_view::npos ? std::string_view() : message.substr(end + 1))};
    const std::string_view line = parts.line;
    const std::size_t word_end = std::min(line.find(' '), line.size());
    if (const auto unasked = unasked_.find(line.substr(0, word_end)); unasked != unasked_.end())
        return unasked->second(line.substr(std::min(word_end + 1, line.size())), parts.body);
    if (asking_ && !answer_) answer_ = std::move(parts);
    monitor_.changed();
}

void ChannelClient::send(const std::string& message, std::uint64_t deadline) {
    const std::uint64_t patience = clock_.now_ns() + patience_for_connection;
    if (!monitor_.wait(clock_, patience, [&] { return stream_.connected(); }))
        throw Failure(code::unavailable, "the " + peer_ + " domain is not connected");
    const unsigned connection = stream_.connection();
    bool sent = false;
    const bool done = monitor_.wait(clock_, deadline, [&] {
        return stream_.connection() != connection || !stream_.connected() || (sent = stream_.send(message));
    });
    if (!done) throw Failure(code::timed_out, "the " + peer_ + " domain does not read what it is sent");
    if (!sent) throw Failure(code::unavailable, "the " + peer_ + " domain went away");
}

void ChannelClient::tell(std::string_view line, std::string_view body) {
    send(compose(line, body), clock_.now_ns() + patience_for_connection);
}

ChannelClient::Message ChannelClient::ask(std::string_view line, std::string_view body) {
    const std::string message = compose(line, body);
    const std::uint64_t deadline = clock_.now_ns() + patience_for_answer;
    if (!monitor_.wait(clock_, deadline, [&] { return !asking_; }))
        throw Failure(code::timed_out, "the " + peer_ + " domain is busy for too long");
    struct Turn {
        ChannelClient& client;
        ~Turn() {
            client.asking_ = false;
            client.monitor_.changed();
        }
    };
    asking_ = true;
    const Turn turn{*this};
    answer_.reset();
    send(message, deadline);
    const unsigned connection = stream_.connection();
    const bool done = monitor_.wait(clock_, deadline, [&] { return answer_ || stream_.connection() != connection; });
    if (!answer_)
        throw done ? Failure(code::unavailable, "the " + peer_ + " domain was restarted before it answered")
                   : Failure(code::timed_out, "the " + peer_ + " domain does not answer");
    Message answer = std::move(*answer_);
    if (answer.line == "ok") return {"", std::move(answer.body)};
    if (answer.line.starts_with("ok ")) return {answer.line.substr(3), std::move(answer.body)};
    if (answer.line.starts_with("error ")) throw Failure(code::refused, peer_ + ": " + answer.line.substr(6));
    throw Failure(code::internal, "the " + peer_ + " domain answers what is no answer: " + quoted(answer.line));
}

} // namespace skerry::toolstack
