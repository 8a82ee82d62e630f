// SPDX-License-Identifier: MIT
#include "clients.h"

#include <cstring>
#include <gtest/gtest.h>

namespace skerry::xenstore::test {

std::string message(std::uint32_t type, std::string_view payload, std::uint32_t transaction, std::uint32_t request) {
    const Header header{type, request, transaction, static_cast<std::uint32_t>(payload.size())};
    std::string bytes(sizeof header, '\0');
    std::memcpy(bytes.data(), &header, sizeof header);
    return bytes.append(payload);
}

Clients::Clients(DomainId guests) {
    store.set_privileged({0});
    for (DomainId domain = 0; domain <= guests; ++domain)
        store.connect(domain, domain + 1u, "d" + std::to_string(domain), {});
}

Reply Clients::ask(DomainId domain, std::uint32_t type, std::string_view payload, std::uint32_t transaction) {
    const std::uint32_t request = next_request_++;
    store.receive(domain, message(type, payload, transaction, request));
    Reply reply = drain(domain);
    EXPECT_EQ(reply.request, request);
    EXPECT_EQ(reply.transaction, transaction);
    EXPECT_TRUE(reply.type == type || reply.type == XS_ERROR) << reply.type;
    return reply;
}

Reply Clients::drain(DomainId domain) {
    std::string bytes;
    for (std::string_view next; !(next = store.output(domain)).empty();) {
        bytes += next;
        store.sent(domain, next.size());
    }
    Reply reply;
    while (bytes.size() >= sizeof(Header)) {
        Header header;
        std::memcpy(&header, bytes.data(), sizeof header);
        EXPECT_LE(header.len, longest_payload);
        const std::string payload = bytes.substr(sizeof header, header.len);
        bytes.erase(0, sizeof header + header.len);
        if (header.type == XS_WATCH_EVENT) {
            const std::size_t zero = payload.find('\0');
            events[domain].push_back({payload.substr(0, zero), payload.substr(zero + 1, payload.size() - zero - 2)});
        } else {
            EXPECT_EQ(reply.type, +XS_INVALID) << "two answers";
            reply = {header.type, header.req_id, header.tx_id, payload};
        }
    }
    EXPECT_TRUE(bytes.empty());
    return reply;
}

void Clients::drain_all() {
    std::vector<DomainId> domains;
    for (const auto& [domain, client] : store.connections()) domains.push_back(domain);
    for (const DomainId domain : domains) (void)drain(domain);
}

std::vector<Event> Clients::take_events(DomainId domain) {
    (void)drain(domain);
    return std::exchange(events[domain], {});
}

std::string Clients::read(DomainId domain, std::string_view path, std::uint32_t transaction) {
    const Reply reply = ask(domain, XS_READ, words({path}), transaction);
    return reply.type == XS_ERROR ? "!" + reply.outcome() : reply.payload;
}

std::string Clients::write(DomainId domain, std::string_view path, std::string_view value, std::uint32_t transaction) {
    return outcome(domain, XS_WRITE, words({path}).append(value), transaction);
}

std::string Clients::list(DomainId domain, std::string_view path, std::uint32_t transaction) {
    Reply reply = ask(domain, XS_DIRECTORY, words({path}), transaction);
    if (reply.type == XS_ERROR) return "!" + reply.outcome();
    for (char& c : reply.payload) c = c == 0 ? ' ' : c;
    return reply.payload;
}

std::string Clients::watch(DomainId domain, std::string_view path, std::string_view token) {
    return outcome(domain, XS_WATCH, words({path, token}));
}

std::uint32_t Clients::begin(DomainId domain) {
    const Reply reply = ask(domain, XS_TRANSACTION_START, words({""}));
    return reply.type == XS_ERROR ? 0 : static_cast<std::uint32_t>(std::stoul(reply.payload));
}

std::string Clients::end(DomainId domain, std::uint32_t transaction, bool commit) {
    return outcome(domain, XS_TRANSACTION_END, words({commit ? "T" : "F"}), transaction);
}

std::string Clients::allow(DomainId domain, std::string_view path,
                           std::initializer_list<std::string_view> permissions) {
    return outcome(domain, XS_SET_PERMS, words({path}) + words(permissions));
}

std::uint32_t Clients::used(std::string_view what, DomainId domain) {
    const std::string text = ask(0, XS_CONTROL, words({"quota", std::to_string(domain)})).payload;
    const std::size_t at = text.find(std::string(what) + " ");
    return at == text.npos ? ~0u : static_cast<std::uint32_t>(std::stoul(text.substr(at + what.size() + 1)));
}

} // namespace skerry::xenstore::test
