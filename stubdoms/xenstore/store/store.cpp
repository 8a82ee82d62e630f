// SPDX-License-Identifier: MIT
// Inputs, the list of requests, answers and events.
#include "store.h"

#include <algorithm>
#include <cstring>

namespace skerry::xenstore {

namespace {

std::string message_of(const Header& header, std::string_view payload) {
    std::string bytes(sizeof header, '\0');
    std::memcpy(bytes.data(), &header, sizeof header);
    bytes += payload;
    return bytes;
}

Header header_at(std::string_view bytes) {
    Header header;
    std::memcpy(&header, bytes.data(), sizeof header);
    return header;
}

} // namespace

// By number. Where tx_id is looked at, it has to be 0 or a transaction's.
const Store::RequestKind Store::request_kinds[XS_TYPE_COUNT] = {
    /* XS_CONTROL */ {&Store::request_control, true, true, "CONTROL"},
    /* XS_DIRECTORY */ {&Store::request_directory, true, false, "DIRECTORY"},
    /* XS_READ */ {&Store::request_read, true, false, "READ"},
    /* XS_GET_PERMS */ {&Store::request_get_permissions, true, false, "GET_PERMS"},
    /* XS_WATCH */ {&Store::request_watch, false, false, "WATCH"},
    /* XS_UNWATCH */ {&Store::request_unwatch, false, false, "UNWATCH"},
    /* XS_TRANSACTION_START */ {&Store::request_transaction_start, true, false, "TRANSACTION_START"},
    /* XS_TRANSACTION_END */ {&Store::request_transaction_end, true, false, "TRANSACTION_END"},
    /* XS_INTRODUCE */ {&Store::request_introduce, true, true, "INTRODUCE"},
    /* XS_RELEASE */ {&Store::request_release, true, true, "RELEASE"},
    /* XS_GET_DOMAIN_PATH */ {&Store::request_domain_path, true, false, "GET_DOMAIN_PATH"},
    /* XS_WRITE */ {&Store::request_write, true, false, "WRITE"},
    /* XS_MKDIR */ {&Store::request_mkdir, true, false, "MKDIR"},
    /* XS_RM */ {&Store::request_rm, true, false, "RM"},
    /* XS_SET_PERMS */ {&Store::request_set_permissions, true, false, "SET_PERMS"},
    /* XS_WATCH_EVENT */ {nullptr, false, false, "WATCH_EVENT"},
    /* XS_ERROR */ {nullptr, false, false, "ERROR"},
    /* XS_IS_DOMAIN_INTRODUCED */ {&Store::request_is_introduced, true, true, "IS_DOMAIN_INTRODUCED"},
    /* XS_RESUME */ {&Store::request_resume, true, true, "RESUME"},
    /* XS_SET_TARGET */ {&Store::request_set_target, true, true, "SET_TARGET"},
    /* XS_RESTRICT, which is no more */ {nullptr, false, false, "RESTRICT"},
    /* XS_RESET_WATCHES */ {&Store::request_reset_watches, true, false, "RESET_WATCHES"},
    /* XS_DIRECTORY_PART */ {&Store::request_directory_part, true, false, "DIRECTORY_PART"},
};

Store::Store(Surroundings& surroundings) : surroundings_(&surroundings) {
    told_ = [this](DomainId domain, const Watch& watch, std::string_view wpath, std::string_view epath) {
        tell(domain, watch, wpath, epath);
    };
    for (const char* name : {"@introduceDomain", "@releaseDomain"})
        specials_[name].permissions = tree_.root().permissions;
}

Connection* Store::find_connection(DomainId domain) {
    if (recent_ != nullptr && recent_->domain == domain) return recent_;
    const auto found = connections_.find(domain);
    if (found == connections_.end()) return nullptr;
    return recent_ = found->second.get();
}

const Connection* Store::connection(DomainId domain) const { return const_cast<Store*>(this)->find_connection(domain); }

// --- inputs --------------------------------------------------------------------------------------------------------------

std::size_t Store::missing(DomainId domain, std::string_view first, std::size_t ready) const {
    const Connection* client = connection(domain);
    if (client == nullptr) return 0;
    const std::size_t have = client->partial.size();
    Header header{};
    if (have >= sizeof header) {
        header = header_at(client->partial);
    } else {
        if (have + first.size() < sizeof header) return ready;
        std::memcpy(&header, client->partial.data(), have);
        std::memcpy(reinterpret_cast<char*>(&header) + have, first.data(), sizeof header - have);
    }
    // An absurd length ends the connection; its header is enough to know.
    const std::size_t whole = sizeof header + (header.len <= longest_payload ? header.len : 0);
    return std::min(ready, whole - have);
}

bool Store::takes_input(DomainId domain) const {
    const Connection* client = connection(domain);
    return client != nullptr && client->failure == 0 && !introduction_ &&
           client->output.answers() < quotas_[Quota::outstanding] && client->output.bytes() < quotas_[Quota::output] &&
           (client->output.empty() || accounts_.total() < quotas_[Quota::total]);
}

void Store::receive(DomainId domain, std::string_view bytes) {
    Connection* client = find_connection(domain);
    if (client == nullptr || client->failure != 0) return;
    client->taken += static_cast<std::uint32_t>(bytes.size());
    accounts_.charge(domain, bytes.size());
    client->partial += bytes;
    if (client->partial.size() < sizeof(Header)) return;
    const Header header = header_at(client->partial);
    if (header.len > longest_payload) return fail(domain, XENSTORE_ERROR_PROTO);
    if (client->partial.size() < sizeof header + header.len) return;
    const std::string message = std::move(client->partial);
    client->partial = std::string();
    accounts_.refund(domain, message.size());
    execute(*client, header, std::string_view(message).substr(sizeof header));
}

void Store::sent(DomainId domain, std::size_t count) {
    Connection* client = find_connection(domain);
    if (client == nullptr) return;
    client->put += static_cast<std::uint32_t>(count);
    client->output.sent(count);
}

void Store::reset(DomainId domain, RingStart ring) {
    Connection* client = find_connection(domain);
    if (client == nullptr) return;
    fail(domain, 0);
    client->taken = ring.taken;
    client->put = ring.put;
}

void Store::fail(DomainId domain, std::uint8_t failure) {
    Connection* client = find_connection(domain);
    if (client == nullptr) return;
    client->failure = failure;
    drop_watches(domain);
    client->transactions.clear();
    accounts_.refund(domain, client->partial.size());
    client->partial.clear();
    client->output.clear();
    surroundings_->output_waits(domain);
}

std::string_view Store::output(DomainId domain) const {
    const Connection* client = connection(domain);
    return client != nullptr && client->failure == 0 ? client->output.next() : std::string_view();
}

// --- requests ------------------------------------------------------------------------------------------------------------

void Store::execute(Connection& client, const Header& header, std::string_view payload) {
    const DomainId domain = client.domain;
    if (log_requests_) {
        const char* name = header.type < XS_TYPE_COUNT ? request_kinds[header.type].name : "?";
        surroundings_->print(domain, std::string(name) + " " + std::string(payload.substr(0, payload.find('\0'))));
    }
    answering_ = &client;
    std::string text;
    Request request{client, header, payload};
    const Error error = perform(request, text);
    answering_ = nullptr;
    if (!introduction_) answer(client, header, error, text);
    for (std::string& event : held_) send_event(client, std::move(event));
    held_.clear();
}

Error Store::perform(Request& request, std::string& text) {
    const Header& header = request.header;
    if (header.type >= XS_TYPE_COUNT) return Error::not_implemented;
    const RequestKind& kind = request_kinds[header.type];
    if (kind.handler == nullptr) return Error::not_implemented;
    if (kind.privileged && !is_free(request.client.domain)) return Error::access;
    if (kind.looks_at_transaction && header.tx_id != 0) {
        const auto found = request.client.transactions.find(header.tx_id);
        if (found == request.client.transactions.end()) return Error::not_found;
        request.transaction = &found->second;
    }
    text.assign("OK", 3);
    return (this->*kind.handler)(request, text);
}

void Store::answer(Connection& client, Header header, Error error, std::string_view payload) {
    std::string_view text = payload;
    if (error == Error::none && payload.size() > longest_payload) error = Error::too_big;
    if (error != Error::none) {
        header.type = XS_ERROR;
        const char* name = wire_name(error);
        text = std::string_view(name, std::strlen(name) + 1);
    }
    header.len = static_cast<std::uint32_t>(text.size());
    client.output.add_answer(message_of(header, text));
    surroundings_->output_waits(client.domain);
}

void Store::tell(DomainId domain, const Watch& watch, std::string_view wpath, std::string_view epath) {
    Connection* client = find_connection(domain);
    if (client == nullptr || client->failure != 0) return;
    if (client->output.bytes() >= quotas_[Quota::output] || accounts_.total() >= quotas_[Quota::total]) {
        surroundings_->refused(domain, Quota::output);
        epath = wpath;
    }
    const std::size_t home = watch.relative ? home_of(domain).size() + 1 : 0;
    // The watched path came in one message with the token.
    if (epath.size() - home + watch.token.size() + 2 > longest_payload) epath = wpath;
    epath.remove_prefix(home);
    std::string payload(epath);
    payload.append(1, '\0').append(watch.token).append(1, '\0');
    const Header header{XS_WATCH_EVENT, 0, 0, static_cast<std::uint32_t>(payload.size())};
    std::string message = message_of(header, payload);
    if (client == answering_)
        held_.push_back(std::move(message));
    else
        send_event(*client, std::move(message));
}

void Store::send_event(Connection& client, std::string message) {
    if (client.output.add_event(std::move(message))) surroundings_->output_waits(client.domain);
}

// --- quotas --------------------------------------------------------------------------------------------------------------

bool Store::within(DomainId domain, Quota quota, std::uint64_t value) {
    if (value <= quotas_[quota] || is_free(domain)) return true;
    surroundings_->refused(domain, quota);
    return false;
}

bool Store::affordable(DomainId domain, std::size_t bytes) {
    const Account* account = accounts_.find(domain);
    return within(domain, Quota::memory, (account != nullptr ? account->bytes : 0) + bytes) &&
           within(domain, Quota::total, accounts_.total() + bytes);
}

} // namespace skerry::xenstore
