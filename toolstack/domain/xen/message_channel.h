// SPDX-License-Identifier: MIT
// A minios channel as a ChannelStream: two threads wait in it, so that nobody who holds the monitor does.
#pragma once

#include "toolstack/domain/base/monitor.h"
#include "toolstack/domain/parts/channel_stream.h"

#include <minios/channel.h>

#include <deque>
#include <string>
#include <thread>

namespace skerry::toolstack {

class MessageChannel final : public ChannelStream {
  public:
    explicit MessageChannel(Monitor& monitor) : monitor_(monitor) {}
    /// False: the command line names no channel to that domain. Lives for good once it is open.
    bool open(std::span<char* const> words, const char* name);

    unsigned connection() const override { return connection_; }
    bool connected() const override { return connected_; }
    bool send(std::string_view message) override;
    void listen(std::function<void(std::string_view)> message, std::function<void()> changed) override;

  private:
    void read();
    void write();

    Monitor& monitor_;
    minios::Channel channel_;
    std::function<void(std::string_view)> message_;
    std::function<void()> changed_;
    bool connected_ = false;
    unsigned connection_ = 0;
    std::deque<std::string> output_; ///< at most one message that is not being written yet
    minios::WaitQueue to_write_;
    std::thread reader_, writer_;
};

} // namespace skerry::toolstack
