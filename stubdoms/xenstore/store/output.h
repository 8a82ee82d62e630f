// SPDX-License-Identifier: MIT
// What waits to be sent to one client: answers and events, in order. An event that waits already is not added again, so
// that a client which does not read costs no more than there are different things to tell it.
#pragma once

#include "tree.h"

#include <list>
#include <set>
#include <string>
#include <string_view>

namespace skerry::xenstore {

class Output {
  public:
    struct Message {
        std::string bytes; ///< header and payload
        bool event = false;
    };

    /// `domain`: whose memory it takes.
    Output(Accounts& accounts, DomainId domain) : accounts_(accounts), domain_(domain) {}
    Output(const Output&) = delete;
    Output& operator=(const Output&) = delete;
    ~Output() { clear(); }

    void add_answer(std::string bytes) { add({std::move(bytes), false}); }
    /// False: the same event waits already, none of it sent yet.
    bool add_event(std::string bytes);

    bool empty() const { return messages_.empty(); }
    std::size_t bytes() const { return bytes_ - sent_; }
    std::size_t answers() const { return answers_; }
    /// What comes next of the first message; empty when nothing waits.
    std::string_view next() const;
    /// `count` bytes of what next() gave have been sent.
    void sent(std::size_t count);
    void clear();

    const std::list<Message>& messages() const { return messages_; }
    std::size_t sent_of_first() const { return sent_; }
    /// For a restart: as add_answer() and add_event().
    void add(Message message);
    void restore_sent(std::size_t count) {
        sent_ = count;
        if (count > 0) forget_event();
    }
    static std::size_t cost(const Message& message) { return 96 + message.bytes.size(); }

  private:
    void forget_event();
    void drop_first();

    Accounts& accounts_;
    const DomainId domain_;
    std::list<Message> messages_;
    std::set<std::string_view> events_; ///< those of which nothing has been sent
    std::size_t bytes_ = 0, sent_ = 0, answers_ = 0;
};

} // namespace skerry::xenstore
