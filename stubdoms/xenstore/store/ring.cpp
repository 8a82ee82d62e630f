// SPDX-License-Identifier: MIT
#include "ring.h"

#include <algorithm>
#include <cstring>

namespace skerry::xenstore {

namespace {

constexpr std::uint32_t feature_watch_depth = 4; // XENSTORE_SERVER_FEATURE_WATCHDEPTH of later public headers
constexpr std::uint32_t features =
    XENSTORE_SERVER_FEATURE_RECONNECTION | XENSTORE_SERVER_FEATURE_ERROR | feature_watch_depth;

std::uint32_t load(const std::uint32_t& word) { return __atomic_load_n(&word, __ATOMIC_ACQUIRE); }

void store(std::uint32_t& word, std::uint32_t value) {
    if (minios::Journal::before_write != nullptr) minios::Journal::before_write();
    __atomic_store_n(&word, value, __ATOMIC_SEQ_CST);
}

} // namespace

bool Ring::untouched() const { return load(page_->server_features) == 0; }

void Ring::announce(const Connection& client) const {
    store(page_->server_features, features);
    store(page_->req_cons, client.taken);
    store(page_->rsp_prod, client.put);
    store(page_->error, client.failure);
}

// In both of these the page is marked as served before that is recorded: a server that finds a page which nobody has
// served takes its domain for a new one of the old number.

void Ring::connect(Recorder& recorder, DomainId domain, std::uint32_t port, std::string_view name) const {
    store(page_->server_features, features);
    recorder.connect(domain, port, name, {load(page_->req_cons), load(page_->rsp_prod)});
    announce(*recorder.store().connection(domain));
}

void Ring::introduce(Recorder& recorder) const {
    const DomainId domain = recorder.store().introduction()->domain;
    store(page_->server_features, features);
    empty();
    recorder.introduced(Error::none, {});
    announce(*recorder.store().connection(domain));
}

Ring::Result Ring::turn(Recorder& recorder, DomainId domain) const {
    if (page_ == nullptr || recorder.store().connection(domain) == nullptr) return Result::idle;
    if (begin_anew(recorder, domain)) return Result::again;
    if (recorder.store().connection(domain)->failure != 0) return Result::idle;
    // What waits goes first: a new server does not answer before it has sent what its former self would have sent.
    bool sent = send(recorder, domain);
    const bool taken = take(recorder, domain);
    sent |= send(recorder, domain);
    if (const std::uint8_t failure = recorder.store().connection(domain)->failure; failure != 0) {
        store(page_->error, failure);
        return Result::moved;
    }
    return taken ? Result::again : sent ? Result::moved : Result::idle;
}

/// The client asks for a connection without a past.
bool Ring::begin_anew(Recorder& recorder, DomainId domain) const {
    if (load(page_->connection) != XENSTORE_RECONNECT) return false;
    recorder.reset(domain, {});
    empty();
    return true;
}

void Ring::empty() const {
    for (std::uint32_t* word : {&page_->req_cons, &page_->req_prod, &page_->rsp_cons, &page_->rsp_prod})
        store(*word, 0);
    store(page_->error, XENSTORE_ERROR_NONE);
    store(page_->connection, XENSTORE_CONNECTED);
}

/// Each byte once: what the client does to them from now on does not matter.
void Ring::copy_in(char* to, std::uint32_t from, std::uint32_t count) const {
    const std::uint32_t begin = from % size, before_end = std::min(count, size - begin);
    std::memcpy(to, page_->req + begin, before_end);
    std::memcpy(to + before_end, page_->req, count - before_end);
    asm volatile("" ::: "memory"); // the copy is what is looked at
}

/// Takes what there is of one request.
bool Ring::take(Recorder& recorder, DomainId domain) const {
    const Connection& client = *recorder.store().connection(domain);
    if (!recorder.store().takes_input(domain)) return false;
    const std::uint32_t ready = load(page_->req_prod) - client.taken;
    if (ready > size) {
        recorder.fail(domain, XENSTORE_ERROR_RINGIDX);
        return false;
    }
    if (ready == 0) return false;
    char bytes[size];
    const std::uint32_t first = std::min<std::uint32_t>(ready, sizeof(Header));
    copy_in(bytes, client.taken, first);
    const std::size_t count = recorder.store().missing(domain, {bytes, first}, ready);
    if (count > first) copy_in(bytes + first, client.taken + first, static_cast<std::uint32_t>(count) - first);
    const std::uint32_t after = client.taken + static_cast<std::uint32_t>(count);
    recorder.receive(domain, {bytes, count});
    // After this the client may use the room.
    store(page_->req_cons, after);
    return true;
}

/// Sends what fits.
bool Ring::send(Recorder& recorder, DomainId domain) const {
    bool sent = false;
    for (;;) {
        const Connection& client = *recorder.store().connection(domain);
        const std::string_view next = recorder.store().output(domain);
        if (next.empty()) return sent;
        const std::uint32_t waiting = client.put - load(page_->rsp_cons);
        if (waiting > size) {
            recorder.fail(domain, XENSTORE_ERROR_RINGIDX);
            return sent;
        }
        const auto count = static_cast<std::uint32_t>(std::min<std::size_t>(next.size(), size - waiting));
        if (count == 0) return sent;
        const std::uint32_t begin = client.put % size, before_end = std::min(count, size - begin);
        std::memcpy(page_->rsp + begin, next.data(), before_end);
        std::memcpy(page_->rsp, next.data() + before_end, count - before_end);
        recorder.sent(domain, count);
        store(page_->rsp_prod, recorder.store().connection(domain)->put);
        sent = true;
    }
}

} // namespace skerry::xenstore
