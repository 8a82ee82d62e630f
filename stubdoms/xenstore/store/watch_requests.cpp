// SPDX-License-Identifier: MIT
// Setting watches and taking them away.
#include "store.h"

namespace skerry::xenstore {

namespace {

constexpr std::uint64_t deepest = 1 << 20;

} // namespace

Error Store::watch_path(Request& request, std::string_view text, std::string& path) {
    if (!is_special(text)) return path_of(request, text, path);
    path = text;
    return is_valid_special(text) ? Error::none : Error::invalid;
}

Error Store::request_watch(Request& request, std::string&) {
    const DomainId domain = request.client.domain;
    Words words(request.payload);
    const auto text = words.next(), token = words.next();
    if (!text || !token) return Error::invalid;
    std::string path;
    if (const Error error = watch_path(request, *text, path); error != Error::none) return error;
    Watch watch{std::string(*token), text->front() != '/' && !is_special(*text), -1};
    // Older clients may send anything in the place of the depth, which then was reserved; it is empty by all accounts.
    if (const auto depth = words.next(); depth && !depth->empty()) {
        std::uint64_t number = 0;
        if (!parse_number(*depth, deepest, number)) return Error::invalid;
        watch.depth = static_cast<int>(number);
    }
    if (words.next()) return Error::invalid;
    const Account* account = accounts_.find(domain);
    if (!within(domain, Quota::watches, (account != nullptr ? account->watches : 0) + 1)) return Error::too_big;
    if (!affordable(domain, Watches::cost(path, watch))) return Error::no_space;
    if (!watches_.add(domain, path, watch)) return Error::exists;
    ++accounts_[domain].watches;
    tell(domain, watch, path, path); // each watch fires once to begin with
    return Error::none;
}

Error Store::request_unwatch(Request& request, std::string&) {
    const DomainId domain = request.client.domain;
    Words words(request.payload);
    const auto text = words.next(), token = words.next();
    if (!text || !token || words.next()) return Error::invalid;
    std::string path;
    if (const Error error = watch_path(request, *text, path); error != Error::none) return error;
    if (!watches_.remove(domain, path, *token)) return Error::not_found;
    --accounts_[domain].watches;
    accounts_.tidy(domain);
    return Error::none;
}

Error Store::request_reset_watches(Request& request, std::string&) {
    drop_watches(request.client.domain);
    request.client.transactions.clear();
    return Error::none;
}

void Store::drop_watches(DomainId domain) {
    watches_.remove_all(domain);
    if (const Account* account = accounts_.find(domain); account != nullptr) {
        accounts_[domain].watches = 0;
        accounts_.tidy(domain);
    }
}

} // namespace skerry::xenstore
