// SPDX-License-Identifier: MIT
// Frames in, calls out: reads requests from the transport, runs each in a thread of its own, and writes what they say.
// See toolstack/protocol/README.md for the rules of the protocol.
#pragma once

#include "toolstack/domain/api/api.h"
#include "toolstack/protocol/transport.h"

#include <deque>
#include <map>
#include <thread>

namespace skerry::toolstack {

class Server {
  public:
    /// `number`: freshly made up, for the greeting.
    Server(Monitor& monitor, Clock& clock, protocol::Transport& transport, Api& api, std::uint64_t number);
    /// Cancels what is under way and waits for it.
    ~Server();

    /// Moves bytes until stop() or until the transport is closed.
    void run();
    /// Ends run() once everything that was said has been written. From any thread, with the monitor held.
    void stop();

    static constexpr unsigned most_calls = 32;

  private:
    class StreamCall;
    using CallPointer = std::shared_ptr<StreamCall>;

    bool turn();
    void take(const protocol::Frame& frame);
    void take_greeting(const protocol::Frame& frame);
    void take_request(const protocol::Frame& frame);
    void take_for_call(const protocol::Frame& frame);
    void forget_all();
    void send(const protocol::Frame& frame);
    void refuse(protocol::StreamId stream, const Failure& failure);
    void work();
    void perform(StreamCall& call);
    /// Waits until there is room in the output, or the call is cancelled.
    void wait_for_room(StreamCall& call);

    Monitor& monitor_;
    Clock& clock_;
    protocol::Transport& transport_;
    Api& api_;
    const std::uint64_t number_;

    protocol::FrameReader reader_;
    protocol::Assembler assembler_;
    std::string output_;
    bool open_ = false; ///< the other end has greeted, or answered our greeting: what it sends now is meant for us
    bool stopping_ = false, leaving_ = false;
    std::map<protocol::StreamId, CallPointer> calls_;
    std::deque<CallPointer> to_do_;
    std::vector<std::thread> workers_;
    unsigned idle_workers_ = 0;
};

} // namespace skerry::toolstack
