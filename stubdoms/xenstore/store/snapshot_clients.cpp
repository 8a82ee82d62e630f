// SPDX-License-Identifier: MIT
#include "snapshot_clients.h"

namespace skerry::xenstore::snapshot {

namespace {

// --- transactions: as nodes are ----------------------------------------------------------------------------------------

void write_transaction(const Transaction& transaction, Writer& to) {
    to.number(transaction.next_order());
    const Change& root = transaction.root();
    for (const Change* at = &root; at != nullptr; at = at->next_in(root)) {
        to.number(static_cast<std::uint16_t>(depth_of(*at)));
        to.text(at->name());
        to.number(at->seen);
        to.number(at->identity);
        to.number(at->changed);
        to.number(at->listed);
        to.number(at->kind);
        to.number(
            static_cast<std::uint8_t>(at->hides | at->creates << 1 | at->sets_value << 2 | at->sets_permissions << 3));
        to.number(at->order);
        to.text(at->value);
        to.permissions(at->permissions);
    }
    to.number(no_more);
}

void read_transaction(Transaction& transaction, Reader& from) {
    const auto next_order = from.number<std::uint32_t>();
    Change* at = &transaction.root();
    std::size_t depth = 0;
    for (bool is_root = true;; is_root = false) {
        const auto place = from.number<std::uint16_t>();
        if (!from.good() || place == no_more) break;
        const std::string name = from.text();
        from.check(place <= depth + 1 && (is_root ? place == 0 : place > 0 && !name.empty()));
        if (!from.good()) return;
        if (!is_root) {
            for (; depth >= place; --depth) at = at->parent();
            at = &at->add_child(name);
            ++depth;
        }
        at->seen = from.number<std::uint8_t>();
        at->identity = from.number<Generation>();
        at->changed = from.number<Generation>();
        at->listed = from.number<Generation>();
        const auto kind = from.number<std::uint8_t>();
        from.check(kind <= static_cast<std::uint8_t>(Change::Kind::removed));
        at->kind = static_cast<Change::Kind>(kind);
        const auto flags = from.number<std::uint8_t>();
        at->hides = (flags & 1) != 0;
        at->creates = (flags & 2) != 0;
        at->sets_value = (flags & 4) != 0;
        at->sets_permissions = (flags & 8) != 0;
        at->order = from.number<std::uint32_t>();
        at->value = from.text();
        at->permissions = from.permissions();
        from.check(!at->sets_permissions || !at->permissions.empty());
    }
    transaction.restore(next_order);
}

} // namespace

// --- connections -------------------------------------------------------------------------------------------------------

void write_connection(const Connection& client, Writer& to) {
    to.number(client.made_home);
    to.number(client.failure);
    to.number(client.taken);
    to.number(client.put);
    to.number(client.next_transaction);
    to.text(client.partial);
    to.number(static_cast<std::uint32_t>(client.output.messages().size()));
    for (const Output::Message& message : client.output.messages()) {
        to.number(message.event);
        to.text(message.bytes);
    }
    to.number(static_cast<std::uint32_t>(client.output.sent_of_first()));
    to.number(static_cast<std::uint32_t>(client.transactions.size()));
    for (const auto& [id, transaction] : client.transactions) {
        to.number(id);
        write_transaction(transaction, to);
    }
}

void read_connection(Connection& client, Tree& tree, Accounts& accounts, Reader& from) {
    client.made_home = from.number<std::uint8_t>() != 0;
    client.failure = from.number<std::uint8_t>();
    client.taken = from.number<std::uint32_t>();
    client.put = from.number<std::uint32_t>();
    client.next_transaction = from.number<std::uint32_t>();
    client.partial = from.text();
    from.check(client.partial.size() < sizeof(Header) + longest_payload);
    accounts.charge(client.domain, client.partial.size());
    for (auto count = from.number<std::uint32_t>(); count > 0 && from.good(); --count) {
        const bool event = from.number<std::uint8_t>() != 0;
        client.output.add({from.text(), event});
    }
    const auto sent = from.number<std::uint32_t>();
    from.check(sent == 0 || sent < client.output.next().size());
    if (from.good()) client.output.restore_sent(sent);
    for (auto count = from.number<std::uint32_t>(); count > 0 && from.good(); --count) {
        const auto id = from.number<std::uint32_t>();
        read_transaction(client.transactions.try_emplace(id, tree, accounts, client.domain).first->second, from);
    }
}

// --- watches -----------------------------------------------------------------------------------------------------------

static void write_points(const WatchPoint& root, bool special, Writer& to) {
    for (const WatchPoint* at = &root; at != nullptr; at = at->next_in(root)) {
        if (at->watches.empty()) continue;
        to.text(std::string_view(at->path()).substr(special ? 1 : 0));
        for (const auto& [domain, watches] : at->watches)
            for (const Watch& watch : watches) {
                to.number(domain);
                to.text(watch.token);
                to.number(watch.relative);
                to.number(watch.depth);
            }
        to.number(no_more);
    }
}

void write_watches(const Watches& watches, Writer& to) {
    write_points(watches.paths(), false, to);
    write_points(watches.specials(), true, to);
    to.text("");
}

void read_watches(Watches& watches, Accounts& accounts, Reader& from) {
    for (;;) {
        const std::string path = from.text();
        if (!from.good() || path.empty()) return;
        for (;;) {
            const auto domain = from.number<DomainId>();
            if (!from.good() || domain == no_more) break;
            Watch watch{from.text(), from.number<std::uint8_t>() != 0, 0};
            watch.depth = from.number<int>();
            // An event cuts the home off a relative watch's path.
            from.check(!watch.relative || path.starts_with(home_of(domain) + "/"));
            from.check(from.good() && watches.add(domain, path, std::move(watch)));
            ++accounts[domain].watches;
        }
    }
}

} // namespace skerry::xenstore::snapshot
