// SPDX-License-Identifier: MIT
// CONTROL: what an operator may ask of the store or tell it. Answers are text.
#include "store.h"

namespace skerry::xenstore {

namespace {

constexpr std::string_view help = "check\n"
                                  "help\n"
                                  "log|on or off\n"
                                  "print|TEXT\n"
                                  "quota, quota|DOMID or quota|set|NAME|VALUE\n";

} // namespace

Error Store::request_control(Request& request, std::string& answer) {
    Words words(request.payload);
    const auto command = words.next();
    if (!command) return Error::invalid;
    if (*command == "help") {
        answer = help;
    } else if (*command == "check") {
        const std::string_view amiss = inconsistency();
        answer = amiss.empty() ? "consistent" : "NOT CONSISTENT: " + std::string(amiss);
    } else if (*command == "log") {
        const auto how = words.next();
        if (how != "on" && how != "off") return Error::invalid;
        log_requests_ = how == "on";
        return Error::none;
    } else if (*command == "print") {
        const auto text = words.next();
        if (!text) return Error::invalid;
        surroundings_->print(request.client.domain, *text);
        return Error::none;
    } else if (*command == "quota") {
        return control_quota(words, answer);
    } else {
        return Error::invalid;
    }
    answer.append(1, '\0');
    return Error::none;
}

Error Store::control_quota(Words& words, std::string& answer) {
    const auto what = words.next();
    const auto line = [&answer](std::string_view name, std::uint64_t value) {
        answer.append(name).append(" ").append(std::to_string(value)).append("\n");
    };
    std::uint64_t number = 0;
    if (what == "set") {
        const auto name = words.next(), value = words.next();
        const auto quota = name ? quota_named(*name) : std::nullopt;
        if (!quota || !value || !parse_number(*value, UINT32_MAX, number)) return Error::invalid;
        set_quota(*quota, number);
        return Error::none;
    }
    answer.clear();
    if (!what || what->empty()) {
        for (std::size_t i = 0; i < quota_count; ++i) line(quota_descriptions[i].name, quotas_[static_cast<Quota>(i)]);
        line("total-used", accounts_.total());
    } else if (parse_number(*what, UINT16_MAX, number)) {
        const auto domain = static_cast<DomainId>(number);
        const Account* account = accounts_.find(domain);
        line("nodes", account != nullptr ? account->nodes : 0);
        line("watches", account != nullptr ? account->watches : 0);
        line("memory", account != nullptr ? account->bytes : 0);
        const Connection* client = connection(domain);
        line("transactions", client != nullptr ? client->transactions.size() : 0);
        line("outstanding", client != nullptr ? client->output.answers() : 0);
        line("output", client != nullptr ? client->output.bytes() : 0);
    } else {
        return Error::invalid;
    }
    answer.append(1, '\0');
    return Error::none;
}

std::string_view Store::inconsistency() const {
    std::map<DomainId, Account> counted;
    std::size_t nodes = 0;
    for (const Node* at = &tree_.root(); at != nullptr; at = at->next_in(tree_.root())) {
        Account& owner = counted[at->permissions->front().domain];
        ++owner.nodes;
        owner.bytes += Tree::cost(*at);
        ++nodes;
        std::size_t names = 0;
        for (const auto& [name, child] : at->children()) names += name.size() + 1;
        if (names != at->names_size) return "names";
    }
    for (const WatchPoint* root : {&watches_.paths(), &watches_.specials()})
        for (const WatchPoint* at = root; at != nullptr; at = at->next_in(*root))
            for (const auto& [domain, list] : at->watches) {
                counted[domain].watches += static_cast<std::uint32_t>(list.size());
                const std::string path = at->path().substr(root == &watches_.specials());
                for (const Watch& watch : list) counted[domain].bytes += Watches::cost(path, watch);
            }
    for (const auto& [domain, client] : connections_) {
        std::uint64_t bytes = client->partial.size();
        for (const Output::Message& message : client->output.messages()) bytes += Output::cost(message);
        for (const auto& [id, transaction] : client->transactions)
            for (const Change* at = &transaction.root(); at != nullptr; at = at->next_in(transaction.root()))
                bytes += Transaction::cost(*at);
        if (bytes != 0) counted[domain].bytes += bytes;
    }
    std::uint64_t total = 0;
    for (const auto& [domain, account] : accounts_.all()) {
        const Account& own = counted[domain];
        if (account.nodes != own.nodes) return "nodes of a domain";
        if (account.watches != own.watches) return "watches of a domain";
        if (account.bytes != own.bytes) return "memory of a domain";
        if (!is_free(domain)) total += account.bytes;
        counted.erase(domain);
    }
    if (!counted.empty()) return "domains";
    if (nodes != tree_.count()) return "nodes";
    return total == accounts_.total() ? "" : "memory";
}

} // namespace skerry::xenstore
