// SPDX-License-Identifier: MIT
// Domains that come and go.
#include "store.h"

#include <algorithm>

namespace skerry::xenstore {

namespace {

constexpr std::uint64_t last_domain = 0x7fef;
constexpr std::string_view itself = "32752";        // DOMID_SELF
constexpr std::uint64_t last_port = (1u << 17) - 1; // FIFO event channels

bool parse_domain(const std::optional<std::string_view>& word, DomainId& domain) {
    std::uint64_t number = 0;
    if (!word || !parse_number(*word, last_domain, number)) return false;
    domain = static_cast<DomainId>(number);
    return true;
}

} // namespace

// --- inputs --------------------------------------------------------------------------------------------------------------

Connection& Store::add_connection(DomainId domain, std::uint32_t port, RingStart ring) {
    auto& place = connections_[domain];
    place = std::make_unique<Connection>(domain, port, accounts_);
    place->taken = ring.taken;
    place->put = ring.put;
    return *place;
}

void Store::connect(DomainId domain, std::uint32_t port, std::string_view name, RingStart ring) {
    if (find_connection(domain) != nullptr) return;
    add_connection(domain, port, ring).made_home = true;
    make_home(domain, name);
    fire_special("@introduceDomain", domain);
}

/// What Xen's toolstack gives a guest: a home that it can read, with some places in which it can write.
void Store::make_home(DomainId domain, std::string_view name) {
    const std::string home = home_of(domain);
    const Permissions readable{{0, Access::none}, {domain, Access::read}}, own{{domain, Access::none}};
    const auto make = [&](std::string_view below, std::string_view value, const Permissions& permissions) {
        const std::string path = home + std::string(below);
        if (tree_.find(path) != nullptr) return;
        Node& node = create_node(domain, path, value);
        tree_.set_permissions(node, permissions);
        fire(path, node);
    };
    for (const char* above : {"/local", "/local/domain"})
        if (tree_.find(above) == nullptr) tree_.set_permissions(create_node(domain, above, ""), {{0, Access::none}});
    make("", "", readable);
    make("/name", name, readable);
    make("/domid", std::to_string(domain), readable);
    for (const char* below : {"/control", "/device", "/device/suspend"}) make(below, "", readable);
    for (const char* below :
         {"/control/shutdown", "/control/feature-poweroff", "/control/feature-reboot", "/control/feature-suspend",
          "/control/sysrq", "/device/suspend/event-channel", "/data", "/drivers", "/feature", "/attr", "/error"})
        make(below, "", own);
}

void Store::disconnect(DomainId domain) {
    const auto found = connections_.find(domain);
    if (found == connections_.end()) return;
    const bool made_home = found->second->made_home;
    accounts_.refund(domain, found->second->partial.size());
    recent_ = nullptr;
    connections_.erase(found);
    drop_watches(domain);
    set_target(domain, std::nullopt);
    if (const Account* account = accounts_.find(domain); account != nullptr) {
        const std::set<DomainId> agents = account->agents;
        for (const DomainId agent : agents) set_target(agent, std::nullopt);
    }
    // What a domain that controls the store made for others is still theirs, and it comes again with its number.
    if (!authority_.is_privileged(domain)) remove_owned(domain);
    if (made_home)
        if (Node* home = tree_.find(home_of(domain)); home != nullptr) remove_node(home_of(domain), *home);
    accounts_.set_released(domain, tree_.advance());
    surroundings_->released(domain);
    fire_special("@releaseDomain", domain);
}

/// Its nodes go, wherever they are. In the order of their paths, so that the events come in the same order always.
void Store::remove_owned(DomainId domain) {
    tree_.read_all_of(domain);
    const Account* account = accounts_.find(domain);
    if (account == nullptr) return;
    std::vector<std::string> paths;
    for (const Node* node = account->owned; node != nullptr; node = node->owned_after)
        if (node->parent() != nullptr) paths.push_back(node->path());
    std::sort(paths.begin(), paths.end());
    for (const std::string& path : paths)
        if (Node* node = tree_.find(path); node != nullptr) remove_node(path, *node);
}

void Store::introduced(Error error, RingStart ring) {
    if (!introduction_) return;
    const Introduction introduction = *introduction_;
    introduction_.reset();
    if (error == Error::none) {
        if (Connection* client = find_connection(introduction.domain); client != nullptr) {
            client->port = introduction.port;
            reset(introduction.domain, ring);
        } else {
            add_connection(introduction.domain, introduction.port, ring);
            fire_special("@introduceDomain", introduction.domain);
        }
    }
    if (Connection* asker = find_connection(introduction.asker); asker != nullptr)
        answer(*asker, introduction.header, error, {"OK", 3});
}

void Store::fire_special(std::string_view name, DomainId about) {
    const Node& special = specials_.find(name)->second;
    Audience audience(authority_, accounts_);
    audience.add({special.permissions.get(), special.identity});
    watches_.special(name, about, audience, told_);
}

// --- requests ------------------------------------------------------------------------------------------------------------

/// INTRODUCE <domid>|<frame>|<port>|: the frame is not looked at; a domain lends its page by entry 1 of its grant table.
Error Store::request_introduce(Request& request, std::string&) {
    Words words(request.payload);
    DomainId domain = 0;
    if (!parse_domain(words.next(), domain)) return Error::invalid;
    const auto frame = words.next(), port_text = words.next();
    std::uint64_t port = 0;
    if (!frame || frame->empty() || !port_text || !parse_number(*port_text, last_port, port) || port == 0)
        return Error::invalid;
    introduction_ = {request.client.domain, request.header, domain, static_cast<std::uint32_t>(port)};
    return Error::none;
}

/// The word that names a domain which is served and does not control the store.
Error Store::guest_named(Request& request, DomainId& domain) {
    if (!parse_domain(only_word(request.payload), domain) || authority_.is_privileged(domain)) return Error::invalid;
    return find_connection(domain) != nullptr ? Error::none : Error::not_found;
}

Error Store::request_release(Request& request, std::string&) {
    DomainId domain = 0;
    if (const Error error = guest_named(request, domain); error != Error::none) return error;
    disconnect(domain);
    return Error::none;
}

/// A domain counts as released when it is gone, and is then connected anew: there is nothing to resume.
Error Store::request_resume(Request& request, std::string&) {
    DomainId domain = 0;
    return guest_named(request, domain);
}

Error Store::request_set_target(Request& request, std::string&) {
    Words words(request.payload);
    DomainId domain = 0, target = 0;
    if (!parse_domain(words.next(), domain) || !parse_domain(words.next(), target) || !words.done())
        return Error::invalid;
    if (find_connection(domain) == nullptr || find_connection(target) == nullptr) return Error::not_found;
    set_target(domain, target);
    return Error::none;
}

void Store::set_target(DomainId domain, std::optional<DomainId> target) {
    const Account* account = accounts_.find(domain);
    if (account != nullptr && account->target) {
        const DomainId before = *account->target;
        accounts_[domain].target.reset();
        accounts_[before].agents.erase(domain);
        accounts_.tidy(before);
        accounts_.tidy(domain);
    }
    if (!target) return;
    accounts_[domain].target = target;
    accounts_[*target].agents.insert(domain);
}

Error Store::request_is_introduced(Request& request, std::string& answer) {
    const auto word = only_word(request.payload);
    DomainId domain = request.client.domain;
    if (word != itself && !parse_domain(word, domain)) return Error::invalid;
    answer.assign(find_connection(domain) != nullptr ? "T" : "F", 2);
    return Error::none;
}

Error Store::request_domain_path(Request& request, std::string& answer) {
    DomainId domain = 0;
    if (!parse_domain(only_word(request.payload), domain)) return Error::invalid;
    answer = home_of(domain);
    answer.append(1, '\0');
    return Error::none;
}

} // namespace skerry::xenstore
