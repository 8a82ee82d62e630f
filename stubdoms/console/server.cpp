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

constexpr std::uint64_t patience_with_terminal =
    200 * millisecond; ///< how long a guest waits for a terminal that takes nothing
constexpr std::uint64_t patience_with_viewer = 1000 * millisecond; ///< for whom much more lies between
constexpr unsigned patience_with_guest = 40;                       ///< attempts, one at each tick

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
    open_guests();
    if (settings_.has_client) control_.start(settings_.client);
    visit_guests();
    greet_again();
    last_input_ = last_tick_ = clock::now_ns();
    started_ = true;
    return true;
}

void Server::open_guests() {
    std::span<std::byte> area = settings_.state;
    if (area.empty()) {
        const std::size_t size = Settings::most_guests * settings_.scroll_back;
        auto* memory = static_cast<std::byte*>(heap::allocate_zeroed(size));
        if (memory == nullptr) panic("no memory for %lu bytes of scroll-back", size);
        area = {memory, size};
    }
    guests_.open(area, settings_.scroll_back);
    for (std::size_t i = 0; i < settings_.guest_count; ++i) {
        Guest* guest = guests_.add(settings_.guests[i], false);
        if (guest == nullptr) {
            say("%s cannot be served: no slot is left, or its name or number is another's\n", settings_.guests[i].name);
            continue;
        }
    }
    guests_.recall();
    for (std::size_t i = 0; i < guests_.count(); ++i) guests_.at(i)->server = this;
    Guest* typed_to = guests_.has_keyboard();
    if (typed_to == nullptr && settings_.interactive < settings_.guest_count)
        typed_to = guests_.find(settings_.guests[settings_.interactive].name);
    if (typed_to != nullptr) give_keyboard(*typed_to);
}

/// Shows what was said since the hypervisor let go of the UART; taking over from a former self, some of what came before too.
void Server::greet_again() {
    bool again = false;
    for (std::size_t i = 0; i < guests_.count(); ++i) again |= guests_.at(i)->ring.used();
    const std::string_view lines = again ? log_.last_lines() : log_.unseen_lines();
    multiplexer_.write(log_source_, lines.data(), lines.size());
    if (again) say("started again\n");
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

void Server::on_guest(Port, void* context) {
    auto* guest = static_cast<Guest*>(context);
    guest->server->turn(*guest);
}

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
    static_cast<Server*>(server)->visit_ = static_cast<Server*>(server)->rung_ = true;
    static_cast<Server*>(server)->control_.visit();
    on_event(port, server);
}

/// Puts it into the queue of those that move_all() looks at.
void Server::turn(Guest& guest) {
    if (!guest.queued) {
        guest.queued = true;
        guest.next_queued = nullptr;
        (first_queued_ == nullptr ? first_queued_ : last_queued_->next_queued) = &guest;
        last_queued_ = &guest;
    }
    work_.wake_all();
}

/// Lets go of guests of the command line that went, and takes up those that came. Others are their client's business.
void Server::visit_guests() {
    visit_ = false;
    for (std::size_t i = 0; i < guests_.count(); ++i) {
        Guest& guest = *guests_.at(i);
        if (guest.added && guest.page.attached()) continue;
        if (guest.page.attached() && !guest.page.peer_present()) let_go(guest);
        if (!guest.page.attached()) (void)attach(guest);
    }
    // The builder may wait for us to let go of somebody.
    if (rung_) (void)events::notify(Port{settings_.builder_port});
    rung_ = false;
}

/// After its last words: at most a ring full, whatever it goes on writing.
void Server::let_go(Guest& guest) {
    constexpr unsigned turns = 2 * sizeof(xencons_interface::out) / sizeof(Guest::taken);
    for (unsigned turn = 0; turn < turns && take_words(guest); ++turn) {}
    guest.ring = GuestRing{};
    guest.page.detach();
}

/// One turn that waits for no terminal.
bool Server::take_words(Guest& guest) {
    const bool moved = move_output(guest);
    (void)uart_.transmit(terminal_);
    terminal_lost_ += guest.taken_end - guest.taken_begin;
    guest.taken_begin = guest.taken_end = 0;
    return moved;
}

Result<void> Server::attach(Guest& guest) {
    auto result = guest.page.attach(guest.address, GrantRef{GNTTAB_RESERVED_CONSOLE}, on_guest, &guest);
    if (result) {
        guest.ring = GuestRing(*static_cast<xencons_interface*>(guest.page.data()));
        guest.failures = 0;
        turn(guest);
        return result;
    }
    // A guest that is gone, or is being built again, is nothing to talk about; one that stays half there is.
    ++guest.failures;
    const bool absent = result.error() == Error::no_such_process;
    if (!started_ || (guest.failures == patience_with_guest && !absent))
        say("domain %u, %s: cannot attach: %s\n", guest.address.domain.value, guest.address.name,
            error_name(result.error()));
    return result;
}

Result<void> Server::add(const backends::GuestAddress& address, bool goes_on) {
    const auto in_the_way = [&] {
        Guest* named = guests_.find(address.name);
        return named != nullptr ? named : guests_.find(address.domain);
    };
    while (Guest* former = in_the_way()) {
        // One that went while its client could not say so gives way.
        if (!former->added || (former->page.attached() && former->page.peer_present())) return Error::exists;
        control_.forget(*former);
    }
    Guest* guest = guests_.add(address, true, goes_on);
    if (guest == nullptr) return Error::no_space;
    guest->server = this;
    auto attached = attach(*guest);
    if (!attached)
        guests_.remove(*guest);
    else if (interactive_ == nullptr)
        give_keyboard(*guest);
    return attached;
}

void Server::remove(Guest& guest) {
    let_go(guest);
    if (interactive_ == &guest) interactive_ = nullptr;
    Guest** link = &first_queued_;
    Guest* before = nullptr;
    for (; guest.queued && *link != &guest; link = &(*link)->next_queued) before = *link;
    if (guest.queued) {
        *link = guest.next_queued;
        if (last_queued_ == &guest) last_queued_ = before;
    }
    guests_.remove(guest);
}

void Server::give_keyboard(Guest& guest) {
    if (interactive_ != nullptr) interactive_->source.interactive = false;
    interactive_ = &guest;
    guests_.set_keyboard(&guest);
    guest.source.interactive = true;
}

bool Server::move_keyboard() {
    const bool moved = uart_.receive(input_);
    if (moved) last_input_ = clock::now_ns();
    if (guests_.count() == 0 && !settings_.has_client) input_.drop(input_.size()); // nobody will ever read it
    return moved || (interactive_ != nullptr && move_input(*interactive_));
}

/// From the keyboard and from its viewer.
bool Server::move_input(Guest& guest) {
    char bytes[256];
    bool moved = false;
    const auto move = [&](auto& queue) {
        const std::size_t count = queue.peek(bytes, sizeof bytes);
        const std::size_t written = count > 0 ? guest.ring.write(bytes, count) : 0;
        queue.drop(written);
        moved |= written > 0;
    };
    if (&guest == interactive_) move(input_);
    if (guest.viewer != nullptr) move(guest.viewer->input);
    if (moved) guest.page.notify();
    return moved;
}

/// Has everybody who is shown its output room for more, or stood still for so long that the guest does not wait for them?
bool Server::may_take(Guest& guest, std::uint64_t now) {
    if (guest.taken_begin != guest.taken_end) {
        if (now - terminal_progress_ < patience_with_terminal) return false;
        terminal_lost_ += guest.taken_end - guest.taken_begin;
        guest.taken_begin = guest.taken_end = 0;
    }
    if (guest.viewer == nullptr || guest.viewer->output.room() >= sizeof guest.taken) return true;
    return now - guest.viewer->progress_ns >= patience_with_viewer;
}

bool Server::take_output(Guest& guest) {
    const std::uint64_t now = clock::now_ns();
    if (!may_take(guest, now)) return false;
    guest.taken_begin = 0;
    guest.taken_end = guest.ring.read(guest.taken, sizeof guest.taken);
    if (guest.taken_end == 0) return false;
    guest.scroll_back.append(guest.taken, guest.taken_end, now);
    if (guest.viewer != nullptr) {
        if (guest.viewer->lost > 0 && guest.viewer->output.room() >= 64) {
            char note[64];
            const int length = format_to(note, sizeof note, "\r\n[%lu bytes were not shown]\r\n", guest.viewer->lost);
            guest.viewer->output.put(note, static_cast<std::size_t>(length));
            guest.viewer->lost = 0;
        }
        guest.viewer->lost += guest.taken_end - guest.viewer->output.put(guest.taken, guest.taken_end);
        control_.wake();
    }
    if (guest.page.attached()) guest.page.notify(); // it may be waiting for room
    return true;
}

/// One turn of a guest's output.
bool Server::move_output(Guest& guest) {
    const bool moved = take_output(guest);
    const std::size_t shown =
        multiplexer_.write(guest.source, guest.taken + guest.taken_begin, guest.taken_end - guest.taken_begin);
    guest.taken_begin += shown;
    if (guest.source.interactive && shown > 0) last_interactive_ = clock::now_ns();
    return moved || shown > 0;
}

/// One turn of each guest that asked for it; those with more to do ask again.
bool Server::turn_guests() {
    bool moved = false;
    Guest* const end = last_queued_;
    for (Guest* guest = first_queued_; guest != nullptr;) {
        first_queued_ = guest->next_queued;
        if (first_queued_ == nullptr) last_queued_ = nullptr;
        guest->queued = false;
        moved |= move_input(*guest);
        moved |= move_output(*guest);
        if (guest->ring.readable() || guest->taken_begin != guest->taken_end) turn(*guest);
        if (guest == end) break;
        guest = first_queued_;
    }
    return moved;
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
    bool moved = move_keyboard();
    multiplexer_.hold_lines(clock::now_ns() - last_interactive_ < patience_with_line);
    moved |= turn_guests();
    moved |= move_log();
    const bool sent = uart_.transmit(terminal_);
    if (sent || terminal_.empty()) terminal_progress_ = clock::now_ns();
    if (sent && terminal_lost_ > 0 && terminal_.empty()) {
        const std::size_t lost = terminal_lost_;
        terminal_lost_ = 0;
        say("%lu bytes of guests were not shown while the terminal stood still\n", lost);
    }
    return moved || sent;
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
    for (std::size_t i = 0; i < guests_.count(); ++i) multiplexer_.flush_quiet(guests_.at(i)->source);
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
