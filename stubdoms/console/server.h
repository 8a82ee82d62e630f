// SPDX-License-Identifier: MIT
// The console service: one terminal (the UART), many guests. One thread moves bytes until nothing moves, then sleeps
// until an event. Nothing here waits for a guest: each turn takes a bounded number of bytes from each.
#pragma once

#include "guest_ring.h"
#include "hypervisor_log.h"
#include "multiplexer.h"
#include "settings.h"

#include <minios/backends/uart_line.h>
#include <minios/minios.h>

namespace skerry::console {

class Server {
  public:
    explicit Server(const Settings& settings)
        : settings_(settings), uart_(ports_, settings.uart), multiplexer_(terminal_) {}

    /// False: there is no UART to serve.
    bool start();
    [[noreturn]] void run();

  private:
    struct Guest {
        const minios::backends::GuestAddress* address = nullptr;
        minios::backends::ServicePage page;
        GuestRing ring;
        Multiplexer::Source source;
        char taken[256]; ///< read from the ring, not yet accepted by the multiplexer
        std::size_t taken_begin = 0, taken_end = 0;
        unsigned failures = 0; ///< to attach, in a row
    };

    void say(const char* format, ...) __attribute__((format(printf, 2, 3)));
    void greet_again();
    void visit_guests();
    void attach(Guest& guest);
    bool move_input();
    bool move_output(Guest& guest);
    bool move_log();
    bool move_all();
    std::uint64_t next_deadline(std::uint64_t now);
    void tick(std::uint64_t now);
    static void on_event(minios::Port, void* server);
    static void on_interrupt(minios::Port, void* server);
    static void on_builder(minios::Port, void* server);
    static void on_log(minios::Port, void* server);

    const Settings& settings_;
    minios::backends::DirectPortIo ports_;
    minios::backends::Uart uart_;
    minios::backends::InterruptLine line_;
    HypervisorLog log_;
    TerminalQueue terminal_;
    ByteQueue<4096> input_;
    Multiplexer multiplexer_;
    Guest guests_[Settings::most_guests];
    Multiplexer::Source own_source_, log_source_;
    char log_taken_[256];
    std::size_t log_begin_ = 0, log_end_ = 0;
    minios::WaitQueue work_;
    bool log_event_ = false, log_look_ = false; ///< VIRQ_CON_RING comes; the log shall be looked at
    bool started_ = false, visit_ = false, interrupted_ = false;
    std::size_t first_served_ = 0;
    std::uint64_t last_tick_ = 0, last_activity_ = 0, last_interactive_ = 0, last_input_ = 0, last_log_ = 0;
};

} // namespace skerry::console
