// SPDX-License-Identifier: MIT
// Shares the one serial line among many clients: each client's streams get numbers of their own on the line. Understands
// only frames, nothing that is in them. Reconnects when the line goes (QEMU was started again).
#pragma once

#include "toolstack/cli/socket.h"
#include "toolstack/protocol/frame.h"

#include <atomic>
#include <list>
#include <map>

namespace skerry::cli {

class Broker {
  public:
    /// `serial`: the socket that is the line; `listen`: where clients come. Throws std::system_error when it cannot
    /// listen; a line that is not there yet is waited for.
    Broker(std::string serial, const std::string& listen);
    ~Broker();
    /// Until stop() (which a signal handler may call).
    void run();
    void stop() { stopping_ = true; }

  private:
    struct Client {
        FileDescriptor socket;
        protocol::FrameReader reader;
        std::string output;
        std::map<protocol::StreamId, protocol::StreamId> on_line; ///< its stream: the line's
        std::string greeting;                                     ///< the number of a hello that has no welcome yet
        std::int64_t greeted_at = 0;
        bool gone = false;
    };
    struct Owner {
        Client* client;
        protocol::StreamId stream;
    };

    void poll_once();
    void connect_line();
    void lose_line(const char* why);
    void take_from_line(protocol::Frame frame);
    void take_from_client(Client& client, protocol::Frame frame);
    void forget_streams(const char* why);
    void forget(Client& client);
    void look_at_time();
    void welcome_clients();

    std::string serial_path_, listen_path_;
    FileDescriptor listener_, line_;
    protocol::FrameReader line_reader_;
    std::string line_output_, number_;
    bool greeted_ = false; ///< the toolstack has answered, or greeted
    std::int64_t connect_at_ = 0, heard_at_ = 0, pinged_at_ = 0;
    std::list<Client> clients_;
    std::map<protocol::StreamId, Owner> owners_; ///< by the line's stream
    protocol::StreamId last_stream_ = 0;
    std::atomic<bool> stopping_ = false;
};

} // namespace skerry::cli
