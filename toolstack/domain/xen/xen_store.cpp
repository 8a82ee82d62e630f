// SPDX-License-Identifier: MIT
#include "toolstack/domain/xen/xen_store.h"

#include <minios/console.h>
#include <minios/xenbus.h>

namespace skerry::toolstack {
namespace {

using minios::Error;
namespace xenbus = minios::xenbus;

[[noreturn]] void fail(Error error, const std::string& what) {
    const std::string message = "xenstore: " + what + ": ";
    switch (error) {
    case Error::access:
    case Error::not_permitted: throw Failure(code::refused, message + "the toolstack may not");
    case Error::no_space:
    case Error::no_memory: throw Failure(code::no_memory, message + "a quota is used up");
    case Error::again:
    case Error::busy: throw Failure(code::busy, message + "it conflicts with others");
    case Error::io: throw Failure(code::unavailable, message + "the connection is broken");
    default: throw Failure(code::internal, message + minios::error_name(error));
    }
}

template <class T> void check(const minios::Result<T>& result, const std::string& what) {
    if (!result.ok()) fail(result.error(), what);
}

std::string words_of(const Permissions& permissions) {
    std::string words;
    for (const Permission& permission : permissions)
        words += permission.access + std::to_string(permission.domain) + '\0';
    return words;
}

} // namespace

void XenStore::start() {
    present_ = xenbus::start().ok();
    if (!present_) return;
    const auto number = xenbus::read_number("domid", 0x7fef);
    if (number)
        own_domain_ = static_cast<DomainNumber>(number.value());
    else
        minios::print("toolstack: xenstore does not say which domain this is: %s\n",
                      minios::error_name(number.error()));
}

std::optional<std::string> XenStore::read(const std::string& path, Transaction transaction) {
    std::string value(xenbus::longest_payload, '\0');
    const auto length = monitor_.outside([&] { return xenbus::read(path, value, transaction); });
    if (!length.ok() && length.error() == Error::not_found) return std::nullopt;
    check(length, "reading " + path);
    value.resize(std::min(length.value(), value.size()));
    return value;
}

std::vector<std::string> XenStore::directory(const std::string& path, Transaction transaction) {
    std::string names(64 << 10, '\0');
    const auto length = monitor_.outside([&] { return xenbus::directory(path, names, transaction); });
    if (!length.ok() && length.error() == Error::not_found) return {};
    check(length, "listing " + path);
    std::vector<std::string> all;
    std::string_view rest = std::string_view(names).substr(0, length.value());
    for (std::size_t end; (end = rest.find('\0')) != std::string_view::npos; rest.remove_prefix(end + 1))
        all.emplace_back(rest.substr(0, end));
    return all;
}

void XenStore::write(const std::string& path, std::string_view value, Transaction transaction) {
    check(monitor_.outside([&] { return xenbus::write(path, value, transaction); }), "writing " + path);
}

void XenStore::make(const std::string& path, Transaction transaction) {
    check(monitor_.outside([&] { return xenbus::make(path, transaction); }), "making " + path);
}

void XenStore::remove(const std::string& path, Transaction transaction) {
    const auto removed = monitor_.outside([&] { return xenbus::remove(path, transaction); });
    // What is not there is removed; the server says so only where its parent is there.
    if (removed.ok() || removed.error() != Error::not_found) check(removed, "removing " + path);
}

void XenStore::set_permissions(const std::string& path, const Permissions& permissions, Transaction transaction) {
    const std::string words = words_of(permissions);
    check(monitor_.outside([&] { return xenbus::set_permissions(path, words, transaction); }),
          "setting who may reach " + path);
}

void XenStore::replace(const std::vector<std::string>& old, const std::vector<NodeWish>& wishes) {
    const auto written = monitor_.outside([&] {
        xenbus::Batch batch;
        for (const std::string& path : old) batch.remove(path);
        for (const NodeWish& wish : wishes) {
            batch.write(wish.path, wish.value);
            if (wish.permissions) batch.set_permissions(wish.path, words_of(*wish.permissions));
        }
        return batch.finish();
    });
    check(written, "writing " + (wishes.empty() ? "nodes" : wishes.front().path) + " and others");
}

Transaction XenStore::begin() {
    const auto transaction = monitor_.outside([] { return xenbus::begin(); });
    check(transaction, "beginning a transaction");
    return transaction.value();
}

bool XenStore::end(Transaction transaction, bool commit) {
    const auto ended = monitor_.outside([&] { return xenbus::end(transaction, commit); });
    if (!ended.ok() && ended.error() == Error::again) return false;
    check(ended, "ending a transaction");
    return true;
}

void XenStore::introduce(DomainNumber domain, std::uint32_t port) {
    check(monitor_.outside([&] { return xenbus::introduce(minios::DomId{domain}, minios::Port{port}); }),
          "introducing a domain");
}

void XenStore::release(DomainNumber domain) {
    const auto released = monitor_.outside([&] { return xenbus::release(minios::DomId{domain}); });
    // It may have seen itself that the domain is gone.
    if (!released.ok() && released.error() != Error::not_found) fail(released.error(), "releasing a domain");
}

} // namespace skerry::toolstack
