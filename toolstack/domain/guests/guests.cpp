// SPDX-License-Identifier: MIT
#include "toolstack/domain/guests/guests.h"

#include "toolstack/domain/guests/store_nodes.h"

#include <algorithm>

namespace skerry::toolstack {
namespace {

constexpr std::uint64_t patience_with_calls = 60 * second; // that hold a guest
constexpr std::uint64_t patience_with_guest = 10 * second; // to take notice of control/shutdown
constexpr std::uint64_t patience_with_death = 5 * second;  // until nobody holds pages of a dead domain
constexpr unsigned most_tries = 5;                         // more of what is insisted on, a second apart

std::string about(const Guest& guest) {
    return "guest " + quoted(guest.config.name) + " (domain " + std::to_string(guest.domain.id) + ")";
}

} // namespace

Guests::Hold::Hold(Guests& guests, GuestPointer guest, std::string doing) : guests_(guests), guest_(std::move(guest)) {
    Platform& platform = guests_.platform_;
    const std::uint64_t deadline = platform.clock.now_ns() + patience_with_calls;
    if (!platform.monitor.wait(platform.clock, deadline, [&] { return guest_->doing.empty(); }))
        throw Failure(code::busy, "guest " + quoted(guest_->config.name) + " is " + guest_->doing);
    if (guest_->phase == Guest::Phase::gone)
        throw Failure(code::not_found, "guest " + quoted(guest_->config.name) + " is gone");
    guest_->doing = std::move(doing);
}

Guests::Hold::~Hold() {
    guest_->doing.clear();
    if (guest_->passed_over) guests_.look_again(); // it may have ended meanwhile
    guest_->passed_over = false;
    guests_.platform_.monitor.changed();
}

GuestPointer Guests::find(std::string_view name) const {
    for (const GuestPointer& guest : guests_)
        if (guest->config.name == name) return guest;
    return nullptr;
}

GuestPointer Guests::find(DomainNumber domain) const {
    for (const GuestPointer& guest : guests_)
        if (guest->phase != Guest::Phase::building && guest->domain.id == domain) return guest;
    return nullptr;
}

const PlatformDomain* Guests::platform_domain(std::string_view name) const {
    for (const PlatformDomain& domain : platform_.domains)
        if (domain.name == name) return &domain;
    return nullptr;
}

const PlatformDomain* Guests::platform_domain(DomainNumber id) const {
    for (const PlatformDomain& domain : platform_.domains)
        if (domain.id == id) return &domain;
    return nullptr;
}

std::string Guests::user_of_image(std::string_view image) const {
    for (const GuestPointer& guest : guests_) {
        const GuestConfig& config = guest->config;
        if (image == config.kernel || image == config.loader || image == config.ramdisk) return config.name;
    }
    return "";
}

DomainNumber Guests::console_domain() const {
    const PlatformDomain* domain = platform_domain(platform_.console_service);
    return domain != nullptr ? domain->id : DomainNumber{0};
}

void Guests::check_name_is_free(const std::string& name, const char* what) const {
    if (find(name) != nullptr || platform_domain(name) != nullptr)
        throw Failure(code::exists, std::string(what) + ": there is a domain " + quoted(name) + " already");
}

void Guests::check_memory(const GuestConfig& config) const {
    const std::uint64_t free_kib = platform_.hypervisor.machine().free_pages * 4;
    if (config.memory_kib > free_kib)
        throw Failure(code::no_memory, "create: " + quoted(config.name) + " wants " +
                                           std::to_string(config.memory_kib) + " KiB, and " + std::to_string(free_kib) +
                                           " KiB are free");
}

GuestPointer Guests::create(const GuestConfig& config, bool paused, const Progress& progress,
                            std::uint64_t asked_wall_ns) {
    check_name_is_free(config.name, "create");
    check_memory(config);
    auto guest = std::make_shared<Guest>();
    guest->config = config;
    guest->uuid = uuid_text(random_());
    guest->created_wall_ns = asked_wall_ns;
    guests_.push_back(guest); // from now on the name is taken, and its images are in use
    const Hold hold(*this, guest, "being created");
    try {
        images_.require("create: " + quoted(config.name), {config.kernel, config.loader, config.ramdisk});
        bring_up(*guest, paused, progress);
    } catch (const Failure&) {
        forget(guest);
        throw;
    }
    platform_.log.note(about(*guest) + " created");
    return guest;
}

bool Guests::destroy(const GuestPointer& guest) {
    const Hold hold(*this, guest, "being destroyed");
    const DomainNumber domain = guest->domain.id;
    guest->ending = "destroyed";
    tear_down(*guest);
    platform_.journal.append(gone_record(*guest));
    platform_.log.note(about(*guest) + " destroyed");
    forget(guest);
    return wait_until_gone(domain);
}

void Guests::rename(const GuestPointer& guest, const std::string& name) {
    check_name(name, "rename");
    check_name_is_free(name, "rename");
    const Hold hold(*this, guest, "being renamed");
    check_name_is_free(name, "rename"); // holding may have taken a while
    const std::string old = guest->config.name;
    guest->config.name = name;
    try {
        if (platform_.store.present()) rename_guest_nodes(platform_.store, *guest, name);
        guest->ending = "renamed"; // for who looks at the console of the old name
        if (guest->domain.console_port != 0) platform_.consoles.rename(old, name);
        platform_.journal.append(guest_record(*guest));
    } catch (const Failure&) {
        guest->config.name = old;
        attempt(*guest, "its old name in xenstore", [&] {
            if (platform_.store.present()) rename_guest_nodes(platform_.store, *guest, old);
        });
        attempt(*guest, "its old name at the console", [&] {
            if (guest->domain.console_port != 0) platform_.consoles.rename(name, old);
        });
        throw;
    }
    platform_.log.note(about(*guest) + ": was " + quoted(old));
}

bool Guests::runs(DomainNumber domain) {
    for (const DomainState& state : platform_.hypervisor.domains())
        if (state.id == domain) return !state.shut_down && !state.dying;
    return false;
}

void Guests::ask(DomainNumber domain, const std::string& what, const char* request) {
    Store& store = platform_.store;
    if (!runs(domain)) throw Failure(code::refused, what + " does not run");
    const std::string node = domain_path(domain) + "/control/shutdown";
    if (!store.present() || !store.read(node))
        throw Failure(code::unsupported, what + " has no xenstore node by which it could be asked to end");
    store.write(node, request);
    // It takes notice by emptying the node, or by ending at once.
    const std::uint64_t deadline = platform_.clock.now_ns() + patience_with_guest;
    while (store.read(node).value_or("") == request && runs(domain)) {
        if (platform_.clock.now_ns() >= deadline) {
            store.write(node, ""); // it shall not follow much later, when nobody wants it any more
            throw Failure(code::timed_out, what + " takes no notice of being asked to end (" + request + ")");
        }
        (void)platform_.monitor.wait(platform_.clock, platform_.clock.now_ns() + look_interval, [] { return false; });
    }
}

/// Does a step that others must not depend on; what goes wrong is noted.
void Guests::attempt(const Guest& guest, const char* what, const std::function<void()>& step) {
    try {
        step();
    } catch (const Failure& failure) { platform_.log.note(about(guest) + ": " + what + ": " + failure.what()); }
}

/// To who looks at its console.
void Guests::show_last_words(const Guest& guest) {
    attempt(guest, "its last words", [&] {
        if (guest.domain.console_port != 0) platform_.consoles.finish(guest.config.name);
    });
}

void Guests::tear_down(Guest& guest) {
    platform_.hypervisor.destroy(guest.domain.id); // when this fails the guest is as it was
    attempt(guest, "leaving the console", [&] {
        if (guest.domain.console_port != 0) platform_.consoles.remove(guest.domain.id);
    });
    attempt(guest, "leaving xenstore", [&] {
        if (!platform_.store.present()) return;
        if (guest.domain.store_port != 0) platform_.store.release(guest.domain.id);
        remove_guest_nodes(platform_.store, guest);
    });
}

void Guests::forget(const GuestPointer& guest) {
    guest->phase = Guest::Phase::gone;
    guests_.erase(std::remove(guests_.begin(), guests_.end(), guest), guests_.end());
    images_.drop_unused({guest->config.kernel, guest->config.loader, guest->config.ramdisk});
}

bool Guests::wait_until_gone(DomainNumber domain) {
    const std::uint64_t deadline = platform_.clock.now_ns() + patience_with_death;
    while (true) {
        const auto domains = platform_.hypervisor.domains();
        const auto same = [&](const DomainState& state) { return state.id == domain; };
        if (std::none_of(domains.begin(), domains.end(), same)) return true;
        if (platform_.clock.now_ns() >= deadline) return false;
        wait_for_news();
    }
}

void Guests::wait_for_news(std::uint64_t at_most) {
    const unsigned known = news_;
    (void)platform_.monitor.wait(platform_.clock, platform_.clock.now_ns() + at_most, [&] { return news_ != known; });
}

void Guests::look_after() {
    look_ = false;
    auto domains = platform_.hypervisor.domains();
    for (const GuestPointer& guest : std::vector(guests_)) {
        if (!guest->doing.empty()) {
            guest->passed_over = true;
            continue;
        }
        if (guest->phase == Guest::Phase::gone) continue;
        if (guest->phase == Guest::Phase::building) { // by a former instance, which did not come to an end with it
            const Hold hold(*this, guest, "being started again");
            start_again(guest);
            continue;
        }
        const auto state = std::lower_bound(domains.begin(), domains.end(), guest->domain.id,
                                            [](const DomainState& each, DomainNumber id) { return each.id < id; });
        if (state == domains.end() || state->id != guest->domain.id || state->dying) {
            const Hold hold(*this, guest, "being forgotten");
            platform_.log.note(about(*guest) + " was destroyed by somebody else");
            attempt(*guest, "clearing up", [&] { tear_down(*guest); });
            platform_.journal.append(gone_record(*guest));
            forget(guest);
        } else if (state->shut_down && guest->phase == Guest::Phase::running) {
            const Hold hold(*this, guest, "ending");
            end(guest, static_cast<ShutdownReason>(state->shutdown_code));
        } else {
            continue;
        }
        domains = platform_.hypervisor.domains(); // clearing up took a while, in which others were created
    }
}

void Guests::end(const GuestPointer& guest, ShutdownReason reason) {
    const GuestConfig& config = guest->config;
    const char* how = "crashed";
    EndAction action = config.on_crash;
    switch (reason) {
    case ShutdownReason::power_off: how = "powered off", action = config.on_poweroff; break;
    case ShutdownReason::reboot: how = "rebooted", action = config.on_reboot; break;
    case ShutdownReason::watchdog: how = "was ended by its watchdog", action = config.on_watchdog; break;
    case ShutdownReason::suspend: how = "suspended itself, which counts as a crash", action = config.on_crash; break;
    case ShutdownReason::soft_reset: how = "asked for a soft reset, which counts as a crash"; break;
    case ShutdownReason::crash: break;
    }
    platform_.log.note(about(*guest) + " " + how + ": " + end_action_name(action));
    guest->ending = how;
    guest->starts_again = false;
    if (action == EndAction::restart) {
        const bool lived_briefly = platform_.clock.now_ns() - guest->started_ns < short_life;
        guest->short_lives = lived_briefly ? guest->short_lives + 1 : 0;
        if (guest->short_lives <= most_short_lives) return start_again(guest);
        platform_.log.note(about(*guest) + " ended within ten seconds " + std::to_string(guest->short_lives) +
                           " times in a row: destroyed");
    }
    if (action == EndAction::preserve) {
        guest->phase = Guest::Phase::preserved;
        attempt(*guest, "noting that it is preserved", [&] { platform_.journal.append(guest_record(*guest)); });
        return show_last_words(*guest);
    }
    if (action == EndAction::power_off_platform) {
        show_last_words(*guest);
        return platform_.power_off();
    }
    attempt(*guest, "destroying it", [&] {
        tear_down(*guest);
        platform_.journal.append(gone_record(*guest));
        forget(guest);
    });
}

void Guests::start_again(const GuestPointer& guest) {
    guest->doing = "being started again";
    guest->starts_again = true;
    guest->phase = Guest::Phase::building;
    try {
        platform_.journal.append(guest_record(*guest)); // from here on another instance would go on with it
        if (guest->domain.id != 0) tear_down(*guest);
    } catch (const Failure& failure) {
        guest->phase = Guest::Phase::running;
        platform_.log.note(about(*guest) + ": destroying it: " + failure.what());
        return;
    }
    // Its memory is needed for the new one; if somebody keeps some, there may be enough all the same.
    if (guest->domain.id != 0) (void)wait_until_gone(guest->domain.id);
    try {
        insist([&] {
            bring_up(
                *guest, false, [](const char*) {}, true);
        });
        platform_.log.note(about(*guest) + " started again");
    } catch (const Failure& failure) {
        platform_.log.note("guest " + quoted(guest->config.name) + " could not be started again: " + failure.what());
        attempt(*guest, "noting that it is gone", [&] { platform_.journal.append(gone_record(*guest)); });
        forget(guest);
    }
}

void Guests::insist(const std::function<void()>& step) {
    for (unsigned left = most_tries; true; --left) {
        try {
            return step();
        } catch (const Failure& failure) {
            if (failure.code != code::unavailable || left == 0) throw;
        }
        const std::uint64_t until = platform_.clock.now_ns() + second;
        while (platform_.clock.now_ns() < until) wait_for_news();
    }
}

/// The domain that was being made for this guest when the toolstack went: marked as such, or not yet marked at all.
const DomainState* Guests::find_incomplete(const std::vector<DomainState>& domains, const Guest& guest) const {
    if (platform_.domains.empty()) return nullptr; // nobody told which domains are the platform's
    std::array<std::uint8_t, 16> name{};           // by which the builder marks what it makes
    std::copy_n(guest.config.name.begin(), std::min(guest.config.name.size(), name.size()), name.begin());
    for (const DomainState& state : domains) {
        const bool ours = state.handle == uuid_bytes(guest.uuid) || state.handle == name;
        if (ours && platform_domain(state.id) == nullptr && find(state.id) == nullptr) return &state;
    }
    return nullptr;
}

/// The builder was killed between making the domain and saying so.
void Guests::end_unanswered(const Guest& guest) {
    attempt(guest, "what the builder may have made before it went", [&] {
        const auto domains = platform_.hypervisor.domains();
        if (const DomainState* state = find_incomplete(domains, guest)) platform_.hypervisor.destroy(state->id);
    });
}

void Guests::give_up_incomplete(const std::vector<DomainState>& domains, const Guest& guest) {
    const DomainState* const state = find_incomplete(domains, guest);
    if (state == nullptr) return;
    Guest incomplete = guest;
    incomplete.domain = {};
    incomplete.domain.id = state->id;
    platform_.log.note(about(incomplete) + " was not complete when the toolstack went: destroyed");
    attempt(incomplete, "destroying it", [&] { tear_down(incomplete); });
}

void Guests::recover(const Remembered& remembered) {
    for (const std::string& why : remembered.not_understood) platform_.log.note("a record of the journal: " + why);
    for (const auto& [name, image] : remembered.images) images_.recall(image);
    const auto domains = platform_.hypervisor.domains();
    for (const auto& [uuid, remembered_guest] : remembered.guests) {
        auto guest = std::make_shared<Guest>(remembered_guest);
        const auto same = [&](const DomainState& state) {
            return state.id == guest->domain.id && state.handle == uuid_bytes(guest->uuid);
        };
        if (std::any_of(domains.begin(), domains.end(), same)) {
            guest->phase = guest->phase == Guest::Phase::building ? Guest::Phase::running : guest->phase;
            guests_.push_back(guest);
            continue;
        }
        if (guest->phase == Guest::Phase::building) {
            give_up_incomplete(domains, *guest);
            attempt(*guest, "clearing up", [&] {
                if (platform_.store.present()) remove_guest_nodes(platform_.store, *guest);
            });
            guest->domain = {};
            guests_.push_back(guest); // look_after() goes on with it
            continue;
        }
        platform_.log.note(about(*guest) + " went while the toolstack was away");
        attempt(*guest, "clearing up", [&] {
            if (platform_.store.present()) remove_guest_nodes(platform_.store, *guest);
        });
        platform_.journal.append(gone_record(*guest));
    }
    for (const auto& [uuid, name] : remembered.begun) {
        Guest guest;
        guest.uuid = uuid;
        guest.config.name = name;
        give_up_incomplete(domains, guest);
        platform_.journal.append(gone_record(guest));
    }
    look_ = true;
}

} // namespace skerry::toolstack
