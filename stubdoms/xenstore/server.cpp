// SPDX-License-Identifier: MIT
#include "server.h"

namespace skerry::xenstore {

using namespace minios;

namespace {

constexpr std::uint64_t tick_interval = 1'000'000'000; ///< guests that were not there, peers that went unannounced
constexpr std::uint64_t read_ahead_interval =
    1'000'000;                       ///< a part of the tree at a time: others want the processor too
constexpr unsigned most_untold = 16; ///< turns of a client in a row
constexpr unsigned checked_each_tick = 16;
constexpr unsigned patience_with_guest = 10; ///< attempts, one at each tick, before it is said

} // namespace

Server::Server(const Settings& settings, std::span<std::byte> state)
    : settings_(settings), state_size_(state.size()), recorder_(state, settings.control, *this) {
    for (const auto& address : settings.guests) expected_.push_back({address});
}

// --- beginning -----------------------------------------------------------------------------------------------------------

void Server::start() {
    const auto resumed = recorder_.resume();
    if (resumed == Recorder::Resumed::damaged) minios::print("xenstore: the kept state is damaged: beginning afresh\n");
    // Half of the area holds a snapshot and what is recorded after it, half the next snapshot.
    if (resumed != Recorder::Resumed::continued && state_size_ != 0)
        recorder_.set_quota(Quota::total, state_size_ / 8 * 3);
    for (const auto& [quota, value] : settings_.quotas)
        if (recorder_.store().quotas()[quota] != value) recorder_.set_quota(quota, value);
    take_up_known();
    visit_expected();
    if (settings_.builder_port != 0) events::set_handler(Port{settings_.builder_port}, on_builder, this);
    if (resumed == Recorder::Resumed::continued)
        minios::print("xenstore: going on with %zu domains, %zu nodes\n", clients_.size(),
                      recorder_.store().tree().count());
    else
        minios::print("xenstore: serving %zu domains\n", clients_.size());
}

/// The domains that the former server served.
void Server::take_up_known() {
    std::vector<backends::GuestAddress> known;
    for (const auto& [domain, connection] : recorder_.store().connections()) {
        backends::GuestAddress address;
        address.domain = DomId{domain};
        address.remote_port = Port{connection->port};
        known.push_back(address);
    }
    for (const auto& address : known) {
        const DomainId domain = address.domain.value;
        // A page that nobody has served belongs to a new domain of the old number.
        if (!attach(address) || clients_[domain].ring.untouched()) {
            recorder_.disconnect(domain);
            let_go();
            continue;
        }
        Client& client = clients_[domain];
        client.ring.announce(*recorder_.store().connection(domain));
        client.untold = 1; // the former server may not have come to tell it of what it last did
        make_ready(domain);
    }
    introduce();
}

Result<void> Server::attach(const backends::GuestAddress& address) {
    Client& client = clients_[address.domain.value];
    client.server = this;
    client.address = address;
    client.ring = Ring{};
    auto result = client.page.attach(address, GrantRef{GNTTAB_RESERVED_XENSTORE}, on_event, &client);
    if (result)
        client.ring = Ring(*static_cast<xenstore_domain_interface*>(client.page.data()));
    else
        clients_.erase(address.domain.value);
    return result;
}

void Server::visit(Expected& expected) {
    const backends::GuestAddress& address = expected.address;
    const DomainId domain = address.domain.value;
    if (clients_.contains(domain)) return;
    if (auto result = attach(address); !result) {
        // One that is gone, or is being built again, is nothing to talk about; one that stays half there is.
        if (++expected.failures == patience_with_guest && result.error() != minios::Error::no_such_process)
            minios::print("xenstore: domain %u, %s: cannot attach: %s\n", domain, address.name,
                          error_name(result.error()));
        return;
    }
    Client& client = clients_[domain];
    if (expected.let_go && !client.ring.untouched()) {
        clients_.erase(domain);
        return;
    }
    expected = {address};
    client.ring.connect(recorder_, domain, address.remote_port.value, address.name);
    client.page.notify();
    make_ready(domain);
}

void Server::visit_all() {
    visit_ = false;
    std::vector<DomainId> domains;
    for (const auto& [domain, client] : clients_) domains.push_back(domain);
    for (const DomainId domain : domains) (void)check_peer(domain);
    visit_expected();
}

void Server::visit_expected() {
    for (Expected& expected : expected_) visit(expected);
    // The builder may wait for us to let go of somebody.
    if (settings_.builder_port != 0) (void)events::notify(Port{settings_.builder_port});
}

// --- domains that come and go --------------------------------------------------------------------------------------------

/// Carries out an INTRODUCE that the store waits for.
void Server::introduce() {
    const auto wanted = recorder_.store().introduction();
    if (!wanted) return;
    backends::GuestAddress address;
    address.domain = DomId{wanted->domain};
    address.remote_port = Port{wanted->port};
    const bool known = recorder_.store().connection(wanted->domain) != nullptr;
    const auto result = attach(address);
    if (!result) {
        minios::print("xenstore: domain %u cannot be introduced: %s\n", wanted->domain, error_name(result.error()));
        recorder_.introduced(Error::io, {});
        if (known) recorder_.disconnect(wanted->domain); // its old channel is gone
        return let_go();
    }
    clients_[wanted->domain].ring.introduce(recorder_);
    clients_[wanted->domain].page.notify();
    make_ready(wanted->domain);
}

/// Unmaps and unbinds what the store has let go of.
void Server::let_go() {
    while (!leaving_.empty()) {
        const DomainId domain = leaving_.back();
        leaving_.pop_back();
        clients_.erase(domain);
        refusals_.forget(domain);
        for (Expected& expected : expected_) expected.let_go |= expected.address.domain.value == domain;
    }
}

/// False: the domain has gone.
bool Server::check_peer(DomainId domain) {
    const auto found = clients_.find(domain);
    if (found == clients_.end() || found->second.page.peer_present()) return true;
    recorder_.disconnect(domain);
    let_go();
    return false;
}

void Server::check_some_peers() {
    for (unsigned i = 0; i < checked_each_tick && !clients_.empty(); ++i) {
        auto next = clients_.lower_bound(next_checked_);
        if (next == clients_.end()) next = clients_.begin();
        next_checked_ = static_cast<DomainId>(next->first + 1);
        (void)check_peer(next->first);
    }
}

// --- what the store tells ------------------------------------------------------------------------------------------------

void Server::refused(DomainId domain, Quota quota) {
    std::uint32_t before = 0;
    if (!refusals_.note(domain, quota, clock::now_ns(), before)) return;
    const std::string_view name = name_of(quota);
    minios::print("xenstore: domain %u: quota %.*s is used up", domain, static_cast<int>(name.size()), name.data());
    if (before != 0) minios::print(", and %u times since it was last said", before);
    minios::print("\n");
}

void Server::print(DomainId domain, std::string_view text) {
    std::string safe(text);
    for (char& c : safe)
        if (c < 0x20 || c > 0x7e) c = '?';
    minios::print("xenstore: domain %u: %.*s\n", domain, static_cast<int>(safe.size()), safe.data());
}

// --- serving -------------------------------------------------------------------------------------------------------------

void Server::on_event(Port, void* context) {
    auto* client = static_cast<Client*>(context);
    client->server->make_ready(client->address.domain.value);
    client->server->work_.wake_all();
}

void Server::on_builder(Port, void* server) {
    static_cast<Server*>(server)->visit_ = true;
    static_cast<Server*>(server)->work_.wake_all();
}

void Server::make_ready(DomainId domain) {
    const auto found = clients_.find(domain);
    if (found == clients_.end() || found->second.ready) return;
    found->second.ready = true;
    ready_.push_back(domain);
}

void Server::serve(DomainId domain) {
    const auto found = clients_.find(domain);
    if (found == clients_.end()) return;
    Client& client = found->second;
    client.ready = false;
    const Ring::Result result = client.ring.turn(recorder_, domain);
    // It is told once for several requests that it made at once: each time it may take the processor from us.
    client.untold += result != Ring::Result::idle;
    if (result == Ring::Result::again) make_ready(domain);
    if (client.untold > (result == Ring::Result::again ? most_untold : 0)) {
        client.untold = 0;
        client.page.notify();
    }
    introduce();
    let_go();
}

void Server::run() {
    std::uint64_t tick = clock::now_ns() + tick_interval;
    for (;;) {
        if (visit_) visit_all();
        if (!ready_.empty()) {
            const DomainId domain = ready_.front();
            ready_.pop_front();
            serve(domain);
            events::dispatch();
        } else {
            const bool more = recorder_.read_ahead();
            (void)work_.wait(more ? clock::now_ns() + read_ahead_interval : tick);
        }
        if (clock::now_ns() < tick) continue;
        tick = clock::now_ns() + tick_interval;
        if (!recorder_.recording() && state_size_ != 0) {
            minios::print("xenstore: the store is too large for its state area: a restart loses it\n");
            state_size_ = 0;
        }
        check_some_peers();
        for (Expected& expected : expected_) visit(expected);
    }
}

} // namespace skerry::xenstore
