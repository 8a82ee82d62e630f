// SPDX-License-Identifier: MIT
// The asking end of a channel: one question at a time, and what the other end sends unasked.
#pragma once

#include "toolstack/domain/base/failure.h"
#include "toolstack/domain/base/monitor.h"
#include "toolstack/domain/parts/channel_stream.h"

#include <map>
#include <optional>

namespace skerry::toolstack {

class ChannelClient {
  public:
    struct Message {
        std::string line; ///< without its line end
        std::string body;
    };
    using Unasked = std::function<void(std::string_view rest, std::string_view body)>;
    /// `peer` names the other end in messages: "builder".
    ChannelClient(Monitor& monitor, Clock& clock, ChannelStream& stream, std::string peer);

    /// What stands behind "ok " in the answer. Throws Failure: `refused` with the other's sentence, `unavailable` when
    /// it is not there or went in the middle, `timed-out`.
    Message ask(std::string_view line, std::string_view body = {});
    /// Sends what has no answer. Throws as ask().
    void tell(std::string_view line, std::string_view body = {});
    /// For messages that are no answers, by the first word of their line: gets the rest of the line, and the body. And
    /// for the other's restarts.
    void on_unasked(std::string word, Unasked take) { unasked_[std::move(word)] = std::move(take); }
    void on_lost(std::function<void()> lost) { lost_ = std::move(lost); }

    static constexpr std::size_t longest_message = 16448;

  private:
    void send(const std::string& message, std::uint64_t deadline);
    void take(std::string_view message);
    void stream_changed();

    Monitor& monitor_;
    Clock& clock_;
    ChannelStream& stream_;
    std::string peer_;
    bool asking_ = false;
    unsigned connection_ = 0; ///< of the question under way, or seen last
    std::optional<Message> answer_;
    std::map<std::string, Unasked, std::less<>> unasked_;
    std::function<void()> lost_;
};

} // namespace skerry::toolstack
