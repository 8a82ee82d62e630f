// SPDX-License-Identifier: MIT
#include "snapshot.h"

#include "snapshot_bytes.h"
#include "snapshot_clients.h"
#include "snapshot_copy.h"
#include "snapshot_nodes.h"

namespace skerry::xenstore {

using namespace snapshot;

namespace {

constexpr std::uint32_t version = 3;

} // namespace

std::optional<std::size_t> Snapshot::write(const Store& store, std::span<std::byte> to) {
    return write(store, to, nullptr);
}

std::optional<std::size_t> Snapshot::renew(Store& store, std::span<std::byte> to, std::span<const std::byte> latest) {
    NodeCopier copier(store.tree_, latest);
    const auto size = write(store, to, &copier);
    if (size) NodeCopier::finish(store.tree_, to);
    return size;
}

std::optional<std::size_t> Snapshot::write(const Store& store, std::span<std::byte> bytes,
                                           snapshot::NodeCopier* copier) {
    Writer to(bytes);
    to.number(version);
    to.number(store.tree_.generation());
    to.number(store.log_requests_);
    for (std::size_t i = 0; i < quota_count; ++i) to.number(store.quotas_[static_cast<Quota>(i)]);
    for (const auto& [name, node] : store.specials_) {
        to.permissions(*node.permissions);
        to.number(node.identity);
    }
    to.number(static_cast<std::uint32_t>(store.accounts_.all_released().size()));
    for (const auto& [domain, when] : store.accounts_.all_released()) {
        to.number(domain);
        to.number(when);
    }
    write_nodes(store.tree_, to, copier);
    to.number(static_cast<std::uint32_t>(store.connections_.size()));
    for (const auto& [domain, client] : store.connections_) {
        to.number(domain);
        to.number(client->port);
        write_connection(*client, to);
    }
    write_watches(store.watches_, to);
    for (const auto& [domain, account] : store.accounts_.all())
        if (account.target) {
            to.number(domain);
            to.number(*account.target);
        }
    to.number(no_more);
    to.number(store.introduction_.has_value());
    const Introduction pending = store.introduction_.value_or(Introduction{});
    to.number(pending.asker);
    to.raw(&pending.header, sizeof pending.header);
    to.number(pending.domain);
    to.number(pending.port);
    return to.used();
}

bool Snapshot::read(Store& store, std::span<const std::byte> bytes) {
    Reader from(bytes);
    if (from.number<std::uint32_t>() != version) return false;
    const auto generation = from.number<Generation>();
    store.log_requests_ = from.number<std::uint8_t>() != 0;
    for (std::size_t i = 0; i < quota_count; ++i)
        store.quotas_.set(static_cast<Quota>(i), from.number<std::uint64_t>());
    for (auto& [name, node] : store.specials_) {
        node.permissions = from.shared_permissions(from.number<std::uint16_t>());
        node.identity = from.number<Generation>();
        from.check(!node.permissions->empty());
    }
    for (auto count = from.number<std::uint32_t>(); count > 0 && from.good(); --count) {
        const auto domain = from.number<DomainId>();
        store.accounts_.set_released(domain, from.number<Generation>());
    }
    if (from.good()) read_nodes(store.tree_, from);
    for (auto count = from.number<std::uint32_t>(); count > 0 && from.good(); --count) {
        const auto domain = from.number<DomainId>();
        const auto port = from.number<std::uint32_t>();
        if (from.good()) read_connection(store.add_connection(domain, port, {}), store.tree_, store.accounts_, from);
    }
    if (from.good()) read_watches(store.watches_, store.accounts_, from);
    while (from.good()) {
        const auto domain = from.number<DomainId>();
        if (domain == no_more) break;
        store.set_target(domain, from.number<DomainId>());
    }
    const bool introducing = from.number<std::uint8_t>() != 0;
    Introduction pending;
    pending.asker = from.number<DomainId>();
    from.raw(&pending.header, sizeof pending.header);
    pending.domain = from.number<DomainId>();
    pending.port = from.number<std::uint32_t>();
    if (introducing) store.introduction_ = pending;
    store.tree_.set_generation(generation);
    return from.good() && from.at_end();
}

} // namespace skerry::xenstore
