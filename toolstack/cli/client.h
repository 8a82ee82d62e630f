// SPDX-License-Identifier: MIT
// A client of the toolstack: greets, calls, and carries the bytes of a call.
#pragma once

#include "toolstack/cli/socket.h"
#include "toolstack/protocol/message.h"

#include <functional>

namespace skerry::cli {

/// Nobody answers there.
struct Unreachable : std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// The toolstack went while the call was under way: whether it was done is not known.
struct Interrupted : Unreachable {
    using Unreachable::Unreachable;
};

class Client {
  public:
    /// Connects and greets; throws Unreachable, after `patience_ms` at the latest.
    Client(const std::string& socket, int patience_ms);

    /// One call at a time. Throws protocol::CallError as the toolstack answers, or Unreachable.
    class Call {
      public:
        Call(Client& client, std::string_view method, json::Value params);
        /// Tells the toolstack if the answer has not come.
        ~Call();
        Call(const Call&) = delete;
        Call& operator=(const Call&) = delete;

        /// Takes what has come; `event` and `data` are called for it. The answer, once it is there.
        std::optional<json::Value> take(const std::function<void(const json::Value&)>& event,
                                        const std::function<void(std::string_view)>& data);
        /// How many bytes may be sent now.
        std::size_t credit() const { return credit_; }
        /// At most credit() bytes.
        void send(std::string_view bytes);
        void end();

      private:
        std::optional<json::Value> take_frame(const protocol::Frame& frame,
                                              const std::function<void(const json::Value&)>& event,
                                              const std::function<void(std::string_view)>& data);
        Client& client_;
        protocol::StreamId stream_;
        std::size_t credit_ = protocol::first_credit;
        bool answered_ = false;
    };

    /// A whole call without bytes.
    json::Value call(
        std::string_view method, json::Value params,
        const std::function<void(const json::Value&)>& event = [](const json::Value&) {});

    /// Waits until something came from the toolstack, or `other` (a descriptor, or -1) can be read, or `timeout_ms`
    /// (-1: never); writes meanwhile. True: `other` can be read.
    bool wait(int other = -1, int timeout_ms = -1);

  private:
    void greet(int patience_ms);
    void check_unreachable(const protocol::Frame& frame) const;

    FileDescriptor socket_;
    protocol::FrameReader reader_;
    protocol::Assembler assembler_;
    std::string output_;
    protocol::StreamId last_stream_ = 0;
};

} // namespace skerry::cli
