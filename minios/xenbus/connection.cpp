// SPDX-License-Identifier: MIT
#include "connection.h"

namespace minios::xenbus {

namespace {

Connection the_connection;

/// The error of that name ("ENOENT").
Error error_named(std::string_view name) {
#define XEN_ERRNO(error, value)                                                                                        \
    if (name == #error) return static_cast<Error>(value);
#include <xen/errno.h>
    return Error::io;
}

std::size_t length_of(std::span<const std::string_view> payload) {
    std::size_t length = 0;
    for (const auto& piece : payload) length += piece.size();
    return length;
}

} // namespace

Connection& connection() { return the_connection; }

Result<void> Connection::start() {
    if (started_) return {};
    const start_info_t& info = start_info();
    if (info.store_evtchn == 0) return Error::not_found;
    auto* page = static_cast<xenstore_domain_interface*>(pages::address_of(frames::pfn_of(Mfn{info.store_mfn})));
    if (page == nullptr) return Error::no_memory;
    ring_ = ClientRing(*page);
    port_ = Port{info.store_evtchn};
    started_ = true;
    events::set_handler(port_, on_event, this);
    return {};
}

void Connection::on_event(Port, void* context) {
    auto* connection = static_cast<Connection*>(context);
    connection->take_messages();
    connection->changed_.wake_all();
}

void Connection::take_messages() {
    const std::uint32_t before = ring_.taken();
    while (incoming_.take(ring_)) {
        const xsd_sockmsg& header = incoming_.header();
        const std::string_view payload = incoming_.payload();
        if (header.type == XS_WATCH_EVENT) {
            fire(payload);
        } else if (asking_ && !answered_ && header.req_id == request_) {
            answered_ = true;
            answer_type_ = header.type;
            answer_length_ = payload.size();
            const bool error = header.type == XS_ERROR;
            const std::span<char> to = error ? std::span<char>(error_) : answer_;
            payload.copy(to.data(), to.size());
        } else if (unanswered_ > 0 && header.req_id == request_ - unanswered_ + 1) {
            --unanswered_;
            if (header.type == XS_ERROR) note_error(header.req_id, payload);
        }
        incoming_.next();
    }
    if (ring_.taken() != before) (void)events::notify(port_); // there is room again
}

/// A watch event: path and token, each with its zero.
void Connection::fire(std::string_view payload) {
    const std::size_t end = payload.find('\0');
    if (end == payload.npos) return;
    const std::string_view path = payload.substr(0, end);
    std::uint32_t number = 0;
    for (const char c : payload.substr(end + 1)) {
        if (c == 0) break;
        if (c < '0' || c > '9') return;
        number = number * 10 + static_cast<std::uint32_t>(c - '0');
    }
    for (Watch* watch = watches_; watch != nullptr; watch = watch->next_) {
        if (watch->number_ != number) continue;
        watch->changed_length_ = path.copy(watch->changed_, Watch::longest_changed);
        watch->fired_ = true;
        watch->waiting_.wake_all();
        if (watch->on_fire_ != nullptr) watch->on_fire_(*watch, watch->context_);
        return;
    }
}

void Connection::add(Watch& watch) {
    do ++last_watch_;
    while (last_watch_ == 0);
    watch.number_ = last_watch_;
    watch.next_ = watches_;
    watches_ = &watch;
}

void Connection::drop(Watch& watch) {
    for (Watch** at = &watches_; *at != nullptr; at = &(*at)->next_) {
        if (*at != &watch) continue;
        *at = watch.next_;
        break;
    }
    watch.number_ = 0;
}

bool Connection::put(std::string_view bytes) {
    while (!bytes.empty()) {
        const std::size_t count = ring_.write(bytes);
        bytes.remove_prefix(count);
        if (!usable()) return false;
        if (bytes.empty()) break;
        (void)events::notify(port_);
        if (count == 0) changed_.wait();
    }
    return true;
}

void Connection::take_turn() {
    const std::uint32_t mine = next_turn_++;
    wait_until(turns_, [this, mine] { return turn_ == mine; });
}

void Connection::end_turn() {
    ++turn_;
    turns_.wake_all();
}

/// Into the ring; the server may not have been told yet.
bool Connection::send(std::uint32_t type, TransactionId in, std::span<const std::string_view> payload) {
    const xsd_sockmsg header{type, ++request_, in, static_cast<std::uint32_t>(length_of(payload))};
    bool sent = usable() && put({reinterpret_cast<const char*>(&header), sizeof header});
    for (const auto& piece : payload) sent = sent && put(piece);
    return sent;
}

Result<std::size_t> Connection::ask(std::uint32_t type, TransactionId in, std::span<const std::string_view> payload,
                                    std::span<char> answer) {
    if (length_of(payload) > longest_payload) return Error::invalid;
    take_turn();
    asking_ = true;
    answered_ = false;
    answer_ = answer;
    if (send(type, in, payload)) {
        (void)events::notify(port_);
        wait_until(changed_, [this] { return answered_ || !usable(); });
    }
    const Result<std::size_t> result = answered_ ? judge() : Result<std::size_t>(Error::io);
    asking_ = false;
    end_turn();
    return result;
}

void Connection::begin_batch() {
    take_turn();
    batch_error_ = Error::none;
    unanswered_ = 0;
}

void Connection::post(std::uint32_t type, TransactionId in, std::span<const std::string_view> payload,
                      bool may_be_missing) {
    if (length_of(payload) > longest_payload) {
        if (batch_error_ == Error::none) batch_error_ = Error::invalid;
        return;
    }
    if (unanswered_ == most_unanswered) {
        (void)events::notify(port_);
        wait_until(changed_, [this] { return unanswered_ < most_unanswered || !usable(); });
    }
    const std::uint64_t bit = 1ull << (request_ + 1) % most_unanswered;
    may_be_missing_ = may_be_missing ? may_be_missing_ | bit : may_be_missing_ & ~bit;
    ++unanswered_; // its answer may come while the rest of it waits for room
    if (!send(type, in, payload) && batch_error_ == Error::none) batch_error_ = Error::io;
}

Result<void> Connection::finish_batch() {
    if (unanswered_ > 0 && usable()) {
        (void)events::notify(port_);
        wait_until(changed_, [this] { return unanswered_ == 0 || !usable(); });
    }
    if (unanswered_ > 0 && batch_error_ == Error::none) batch_error_ = Error::io;
    unanswered_ = 0;
    const Error error = batch_error_;
    end_turn();
    return error == Error::none ? Result<void>() : error;
}

void Connection::note_error(std::uint32_t request, std::string_view payload) {
    const Error error = error_named(payload.substr(0, payload.find('\0')));
    const bool expected = error == Error::not_found && (may_be_missing_ >> request % most_unanswered & 1) != 0;
    if (batch_error_ == Error::none && !expected) batch_error_ = error;
}

Result<std::size_t> Connection::judge() const {
    if (answer_type_ != XS_ERROR) return answer_length_;
    const std::string_view name(error_, answer_length_ < sizeof error_ ? answer_length_ : sizeof error_);
    const Error error = error_named(name.substr(0, name.find('\0')));
    return error;
}

} // namespace minios::xenbus
