// SPDX-License-Identifier: MIT
// The rings and channels around the store. One thread: it gives each domain that has something to do one turn after the
// other, of at most one request each, and sleeps when none has. Nothing here waits for a domain.
#pragma once

#include "refusal_log.h"
#include "settings.h"
#include "store/recorder.h"
#include "store/ring.h"

#include <minios/minios.h>

#include <deque>

namespace skerry::xenstore {

class Server : private Surroundings {
  public:
    /// `state`: memory that outlives this domain, or empty.
    Server(const Settings& settings, std::span<std::byte> state);
    void start();
    [[noreturn]] void run();

  private:
    struct Client {
        Server* server = nullptr;
        minios::backends::GuestAddress address;
        minios::backends::ServicePage page;
        Ring ring;
        bool ready = false;  ///< in ready_
        unsigned untold = 0; ///< turns that moved something since it was last told
    };
    /// A domain of the command line: it may go and come again.
    struct Expected {
        minios::backends::GuestAddress address;
        bool let_go = false;   ///< it was served, and is no more: only a new page is taken up
        unsigned failures = 0; ///< to attach, in a row
    };

    // what the store tells
    void output_waits(DomainId domain) override { make_ready(domain); }
    void released(DomainId domain) override { leaving_.push_back(domain); }
    void refused(DomainId domain, Quota quota) override;
    void print(DomainId domain, std::string_view text) override;

    minios::Result<void> attach(const minios::backends::GuestAddress& address);
    void take_up_known();
    void visit(Expected& expected);
    void visit_all();
    void visit_expected();
    void introduce();
    void let_go();
    bool check_peer(DomainId domain);
    void check_some_peers();
    void make_ready(DomainId domain);
    void serve(DomainId domain);
    static void on_event(minios::Port, void* client);
    static void on_builder(minios::Port, void* server);

    const Settings& settings_;
    std::size_t state_size_; ///< 0: none, or it was said that it is too small
    Recorder recorder_;
    std::map<DomainId, Client> clients_;
    std::vector<Expected> expected_;
    std::deque<DomainId> ready_;
    std::vector<DomainId> leaving_;
    RefusalLog refusals_;
    minios::WaitQueue work_;
    bool visit_ = false;
    DomainId next_checked_ = 0;
};

} // namespace skerry::xenstore
