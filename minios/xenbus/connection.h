// SPDX-License-Identifier: MIT
// The connection to the store's server: one request at a time or one batch of them, answers and events as they come.
#pragma once

#include "client_ring.h"

#include <minios/minios.h>
#include <minios/xenbus.h>

namespace minios::xenbus {

struct Connection {
    Result<void> start();
    /// The answer's payload is copied to `answer`; its length.
    Result<std::size_t> ask(std::uint32_t type, TransactionId in, std::span<const std::string_view> payload,
                            std::span<char> answer);
    // A batch: begin, post each request, finish. Its answers carry nothing but errors.
    void begin_batch();
    void post(std::uint32_t type, TransactionId in, std::span<const std::string_view> payload,
              bool may_be_missing = false);
    Result<void> finish_batch();
    void add(Watch& watch);
    void drop(Watch& watch);

  private:
    static void on_event(Port, void* connection);
    void take_messages();
    void fire(std::string_view payload);
    bool put(std::string_view bytes);
    bool send(std::uint32_t type, TransactionId in, std::span<const std::string_view> payload);
    void take_turn();
    void end_turn();
    bool usable() const { return started_ && !ring_.broken() && !incoming_.broken(); }
    Result<std::size_t> judge() const;
    void note_error(std::uint32_t request, std::string_view payload);

    ClientRing ring_;
    Incoming incoming_;
    Port port_;
    bool started_ = false;
    WaitQueue changed_; ///< something came, or there is room
    // Whose turn it is to ask: threads are served in the order in which they came.
    std::uint32_t next_turn_ = 0, turn_ = 0;
    WaitQueue turns_;
    // The request under way.
    bool asking_ = false;
    std::uint32_t request_ = 0;
    bool answered_ = false;
    std::uint32_t answer_type_ = 0;
    std::span<char> answer_;
    std::size_t answer_length_ = 0;
    char error_[16] = {};

    // The batch under way.
    std::uint32_t unanswered_ = 0; ///< the last so many requests
    static constexpr std::uint32_t most_unanswered = 64;
    std::uint64_t may_be_missing_ = 0; ///< requests for which not_found is no error: bits by their number
    Error batch_error_ = Error::none;

    Watch* watches_ = nullptr;
    std::uint32_t last_watch_ = 0;
};

Connection& connection();

} // namespace minios::xenbus
