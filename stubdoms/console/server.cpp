// SPDX-License-Identifier: MIT
#include "server.h"

#include <cstdarg>

namespace skerry::console {

using namespace minios;

namespace {

constexpr std::uint64_t millisecond = 1'000'000;
constexpr std::uint64_t tick_interval =
    250 * millisecond; ///< unfinished lines, guests that were not there, a lost interrupt
constexpr std::uint64_t log_interval = 100 * millisecond; ///< the log, until an event has told us once that it grew
constexpr std::uint64_t poll_busy = millisecond, poll_idle = 10 * millisecond, busy_for = 200 * millisecond;
constexpr std::uint64_t quiet_line = 1000 * millisecond; ///< no input for so long: nothing is being piped in
constexpr std::uint64_t patience_with_line =
    50 * millisecond; ///< how long others wait for the interactive guest to end a line

constexpr unsigned patience_with_guest = 40; ///< attempts, one at each tick

} // namespace

bool Server::start() {
    format_to(own_source_.name, sizeof own_source_.name, "console");
    if (auto result = ports::enable(); !result) print("console: no I/O privilege: %s\n", error_name(result.error()));
    if (!uart_.start()) {
        print("console: no UART answers at port %x\n", settings_.uart);
        return false;
    }
    if (settings_.irq >= 0) {
        if (auto result = line_.start(static_cast<unsigned>(settings_.irq), on_interrupt, this); !result)
            say("no interrupt %d (%s): polling the UART at %x\n", settings_.irq, error_name(result.error()),
                settings_.uart);
    }
    if (settings_.log && log_.start()) {
        if (auto port = events::bind_virtual_irq(VIRQ_CON_RING); port) events::set_handler(*port, on_log, this);
    }
    if (settings_.builder_port != 0) events::set_handler(Port{settings_.builder_port}, on_builder, this);
    for (std::size_t i = 0; i < settings_.guest_count; ++i) {
        Guest& guest = guests_[i];
        guest.address = &settings_.guests[i];
        format_to(guest.source.name, sizeof guest.source.name, "%s", guest.address->name);
        guest.source.interactive = i == settings_.interactive;
    }
    visit_guests();
    greet_again();
    last_input_ = last_tick_ = clock::now_ns();
    started_ = true;
    return true;
}

/// A console domain that takes over from a former self shows what was said meanwhile.
void Server::greet_again() {
    bool again = false;
    for (std::size_t i = 0; i < settings_.guest_count; ++i) again |= guests_[i].ring.used();
    if (!again) return;
    const std::string_view lines = log_.last_lines();
    multiplexer_.write(log_source_, lines.data(), lines.size());
    say("started again\n");
}

void Server::say(const char* format, ...) {
    char text[160];
    std::va_list arguments;
    va_start(arguments, format);
    const int length = vformat_to(text, sizeof text, format, arguments);
    va_end(arguments);
    const auto count =
        static_cast<std::size_t>(length) < sizeof text ? static_cast<std::size_t>(length) : sizeof text - 1;
    multiplexer_.write(own_source_, text, count);
}

void Server::on_event(Port, void* server) { static_cast<Server*>(server)->work_.wake_all(); }

void Server::on_interrupt(Port port, void* server) {
    static_cast<Server*>(server)->interrupted_ = true;
    on_event(port, server);
}

void Server::on_log(Port port, void* context) {
    auto* server = static_cast<Server*>(context);
    server->log_event_ = server->log_look_ = true;
    on_event(port, server);
}

void Server::on_builder(Port port, void* server) {
    static_cast<Server*>(server)->visit_ = true;
    on_event(port, server);
}

/// Lets go of guests that went, and takes up those that came.
void Server::visit_guests() {
    visit_ = false;
    for (std::size_t i = 0; i < settings_.guest_count; ++i) {
        Guest& guest = guests_[i];
        if (guest.page.attached() && !guest.page.peer_present()) {
            while (move_output(guest)) // its last words
                (void)uart_.transmit(terminal_);
            guest.ring = GuestRing{};
            guest.page.detach();
        }
        if (!guest.page.attached()) attach(guest);
    }
}

void Server::attach(Guest& guest) {
    auto result = guest.page.attach(*guest.address, GrantRef{GNTTAB_RESERVED_CONSOLE}, on_event, this);
    if (result) {
        guest.ring = GuestRing(*static_cast<xencons_interface*>(guest.page.data()));
        guest.failures = 0;
        return;
    }
    // A guest that is gone, or is being built again, is nothing to talk about; one that stays half there is.
    ++guest.failures;
    const bool absent = result.error() == Error::no_such_process;
    if (!started_ || (guest.failures == patience_with_guest && !absent))
        say("domain %u, %s: cannot attach: %s\n", guest.address->domain.value, guest.address->name,
            error_name(result.error()));
}

bool Server::move_input() {
    const bool moved_in = uart_.receive(input_);
    if (moved_in) last_input_ = clock::now_ns();
    bool moved = moved_in;
    if (settings_.guest_count == 0) {
        input_.drop(input_.size()); // nobody will ever read it
        return moved;
    }
    Guest& guest = guests_[settings_.interactive];
    char bytes[256];
    const std::size_t count = input_.peek(bytes, sizeof bytes);
    const std::size_t written = count > 0 ? guest.ring.write(bytes, count) : 0;
    if (written > 0) {
        input_.drop(written);
        guest.page.notify();
        moved = true;
    }
    return moved;
}

/// One turn of a guest's output.
bool Server::move_output(Guest& guest) {
    bool moved = false;
    if (guest.taken_begin == guest.taken_end) {
        guest.taken_begin = 0;
        guest.taken_end = guest.ring.read(guest.taken, sizeof guest.taken);
        moved = guest.taken_end > 0;
        if (moved && guest.page.attached()) guest.page.notify(); // it may be waiting for room
    }
    const std::size_t shown =
        multiplexer_.write(guest.source, guest.taken + guest.taken_begin, guest.taken_end - guest.taken_begin);
    guest.taken_begin += shown;
    if (guest.source.interactive && shown > 0) last_interactive_ = clock::now_ns();
    return moved || shown > 0;
}

bool Server::move_log() {
    if (log_begin_ == log_end_ && log_look_) {
        log_begin_ = 0;
        log_end_ = log_.read(log_taken_, sizeof log_taken_);
        log_look_ = log_end_ > 0;
    }
    const std::size_t shown = multiplexer_.write(log_source_, log_taken_ + log_begin_, log_end_ - log_begin_);
    log_begin_ += shown;
    return shown > 0;
}

bool Server::move_all() {
    bool moved = move_input();
    multiplexer_.hold_lines(clock::now_ns() - last_interactive_ < patience_with_line);
    for (std::size_t i = 0; i < settings_.guest_count; ++i)
        moved |= move_output(guests_[(first_served_ + i) % settings_.guest_count]);
    first_served_ = settings_.guest_count > 0 ? (first_served_ + 1) % settings_.guest_count : 0;
    moved |= move_log();
    moved |= uart_.transmit(terminal_);
    return moved;
}

void Server::tick(std::uint64_t now) {
    if (now - last_log_ >= log_interval) {
        last_log_ = now;
        log_look_ |= log_.available() && !log_event_;
    }
    if (now - last_tick_ < tick_interval) return;
    last_tick_ = now;
    if (now - last_input_ > quiet_line) uart_.use_fifos();
    visit_ = true;
    log_look_ |= log_.available();
    for (std::size_t i = 0; i < settings_.guest_count; ++i) multiplexer_.flush_quiet(guests_[i].source);
    multiplexer_.flush_quiet(log_source_);
}

std::uint64_t Server::next_deadline(std::uint64_t now) {
    if (line_.started()) {
        const bool lines_held = now - last_interactive_ < patience_with_line;
        const std::uint64_t tick = last_tick_ + tick_interval;
        const std::uint64_t log = log_.available() && !log_event_ ? last_log_ + log_interval : tick;
        const std::uint64_t lines = lines_held ? last_interactive_ + patience_with_line : tick;
        return log < lines ? log : lines;
    }
    return now + (now - last_activity_ < busy_for ? poll_busy : poll_idle);
}

void Server::run() {
    for (;;) {
        if (visit_) visit_guests();
        const bool moved = move_all();
        const std::uint64_t now = clock::now_ns();
        tick(now);
        if (moved) {
            last_activity_ = now;
            events::dispatch();
            continue;
        }
        uart_.interrupt_on(line_.started() && input_.room() > 0, line_.started() && !terminal_.empty());
        if (line_.started() && uart_.interrupt_asserted()) continue;
        if (interrupted_) {
            interrupted_ = false;
            line_.end();
        }
        (void)work_.wait(next_deadline(now));
    }
}

} // namespace skerry::console
