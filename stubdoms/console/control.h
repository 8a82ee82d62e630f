// SPDX-License-Identifier: MIT
// What the toolstack asks of the console domain, over its channel (the table in docs/control-plane.md): guests that come
// and go, their logs, and viewers. One thread answers requests, one sends what viewers are shown; neither ever waits for a
// guest, and the guests never for them.
#pragma once

#include "guests.h"

#include <minios/channel.h>

namespace skerry::console {

/// What requests may do to the service.
class Service {
  public:
    virtual Guests& guests() = 0;
    /// Errors: exists, that name or number is served; no_space; those of attaching to its page. `goes_on`: Guests::add().
    virtual minios::Result<void> add(const minios::backends::GuestAddress& address, bool goes_on) = 0;
    virtual void remove(Guest& guest) = 0;
    /// Takes some of what it has written, whether or not the terminal can show it. False: there is nothing more.
    virtual bool take_words(Guest& guest) = 0;
    virtual void give_keyboard(Guest& guest) = 0;
    /// There is input for the guest, or room in its viewer's queue.
    virtual void turn(Guest& guest) = 0;

  protected:
    ~Service() = default;
};

/// Somebody far away looks at a guest's console.
struct Viewer {
    ByteQueue<16384> output;
    ByteQueue<4096> input;
    std::uint64_t progress_ns = 0; ///< when output last went on
    std::size_t lost = 0;          ///< bytes that came while it did not
};

class Control {
  public:
    explicit Control(Service& service) : service_(service) {}

    /// Serves `client` for good.
    void start(const minios::ChannelClient& client);
    /// The builder rang.
    void visit() {
        if (served_ != nullptr) served_->visit();
    }
    /// Removes the guest, after its viewer got its last words.
    void forget(Guest& guest);
    /// A viewer has something to be sent.
    void wake() { output_.wake_all(); }

  private:
    static void answer_requests(void* control);
    static void send_output(void* control);
    void serve();
    void perform(std::string_view line, std::string_view body);
    void add(std::string_view arguments);
    void log(std::string_view arguments);
    void attach(Guest& guest);
    void detach(Guest& guest);
    void finish(Guest& guest);
    void input(Guest& guest, std::string_view bytes);
    void rename(Guest& guest, std::string_view name);
    bool show_to_viewer(Guest& guest);
    void detach_all();
    bool show_to_viewers();

    void answer(std::string_view line, std::string_view body = {});
    void wait_for_turn();
    bool send(std::string_view line, std::string_view body);

    Service& service_;
    minios::ServedChannel* served_ = nullptr;
    minios::WaitQueue output_, sent_;
    bool sending_ = false; ///< two threads, one channel
    char message_[minios::channel_message::most_bytes];
    char text_[minios::channel_message::most_bytes - 64];
};

} // namespace skerry::console
