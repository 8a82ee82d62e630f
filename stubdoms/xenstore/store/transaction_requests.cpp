// SPDX-License-Identifier: MIT
// The beginning and the end of transactions.
#include "store.h"

namespace skerry::xenstore {

Error Store::request_transaction_start(Request& request, std::string& answer) {
    Connection& client = request.client;
    if (request.transaction != nullptr) return Error::busy; // they do not nest
    if (!within(client.domain, Quota::transactions, client.transactions.size() + 1)) return Error::no_space;
    while (client.next_transaction == 0 || client.transactions.contains(client.next_transaction))
        ++client.next_transaction;
    const std::uint32_t id = client.next_transaction++;
    client.transactions.try_emplace(id, tree_, accounts_, client.domain);
    answer = std::to_string(id);
    answer.append(1, '\0');
    return Error::none;
}

Error Store::request_transaction_end(Request& request, std::string&) {
    const auto word = only_word(request.payload);
    if (!word || (*word != "T" && *word != "F")) return Error::invalid;
    if (request.transaction == nullptr) return Error::not_found;
    const Error error = *word == "T" ? commit(request) : Error::none;
    request.client.transactions.erase(request.header.tx_id);
    return error;
}

Error Store::commit(Request& request) {
    const Transaction& transaction = *request.transaction;
    const DomainId domain = request.client.domain;
    if (!transaction.holds()) return Error::again;
    const Account* account = accounts_.find(domain);
    const std::uint64_t nodes = (account != nullptr ? account->nodes : 0) + transaction.created();
    if (transaction.created() != 0 && !within(domain, Quota::nodes, nodes)) return Error::no_space;
    for (const Change* change : transaction.changes()) apply(*change, domain);
    return Error::none;
}

void Store::apply(const Change& change, DomainId domain) {
    const std::string path = change.path();
    Node* node = tree_.find(path);
    if (change.hides && node != nullptr) {
        remove_node(path, *node);
        node = nullptr;
    }
    if (change.kind == Change::Kind::removed) return;
    if (node == nullptr) {
        Node& made = create_node(domain, path, change.value);
        if (*made.permissions != change.permissions) tree_.set_permissions(made, change.permissions);
        return fire(path, made);
    }
    if (change.sets_value) {
        tree_.set_value(*node, change.value);
        if (!change.sets_permissions) return fire(path, *node);
    }
    set_node_permissions(path, *node, change.permissions);
}

} // namespace skerry::xenstore
