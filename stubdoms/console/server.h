// SPDX-License-Identifier: MIT
// The console service: one terminal (the UART), many guests, and viewers far away (control.h). One thread moves bytes until
// nothing moves, then sleeps until an event. Nothing here waits for a guest: each turn takes a bounded number of bytes from
// each of those that have something to say. And no guest waits for a terminal or viewer that stands still: what it writes is
// always in its scroll-back.
#pragma once

#include "control.h"
#include "guests.h"
#include "hypervisor_log.h"
#include "multiplexer.h"
#include "settings.h"

#include <minios/backends/uart_line.h>
#include <minios/minios.h>

namespace skerry::console {

class Server final : private Service {
  public:
    explicit Server(const Settings& settings)
        : settings_(settings), uart_(ports_, settings.uart), multiplexer_(terminal_), control_(*this) {}

    /// False: there is no UART to serve.
    bool start();
    [[noreturn]] void run();

  private:
    Guests& guests() override { return guests_; }
    minios::Result<void> add(const minios::backends::GuestAddress& address, bool goes_on) override;
    bool take_words(Guest& guest) override;
    void remove(Guest& guest) override;
    void give_keyboard(Guest& guest) override;
    void turn(Guest& guest) override;

    void open_guests();
    void say(const char* format, ...) __attribute__((format(printf, 2, 3)));
    void greet_again();
    void visit_guests();
    void let_go(Guest& guest);
    minios::Result<void> attach(Guest& guest);
    bool move_keyboard();
    bool move_input(Guest& guest);
    bool move_output(Guest& guest);
    bool take_output(Guest& guest);
    bool may_take(Guest& guest, std::uint64_t now);
    bool turn_guests();
    bool move_log();
    bool move_all();
    std::uint64_t next_deadline(std::uint64_t now);
    void tick(std::uint64_t now);
    static void on_event(minios::Port, void* server);
    static void on_guest(minios::Port, void* guest);
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
    Control control_;
    Guests guests_;
    Guest* interactive_ = nullptr;
    Guest *first_queued_ = nullptr, *last_queued_ = nullptr;
    Multiplexer::Source own_source_, log_source_;
    char log_taken_[256];
    std::size_t log_begin_ = 0, log_end_ = 0;
    minios::WaitQueue work_;
    bool log_event_ = false, log_look_ = false; ///< VIRQ_CON_RING comes; the log shall be looked at
    bool started_ = false, visit_ = false, rung_ = false, interrupted_ = false;
    std::uint64_t terminal_progress_ = 0; ///< when it last took a byte, or had none to take
    std::size_t terminal_lost_ = 0;       ///< bytes that came while it did not
    std::uint64_t last_tick_ = 0, last_activity_ = 0, last_interactive_ = 0, last_input_ = 0, last_log_ = 0;
};

} // namespace skerry::console
