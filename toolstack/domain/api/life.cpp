// SPDX-License-Identifier: MIT
// Methods that begin, change and end lives.
#include "toolstack/domain/api/api.h"
#include "toolstack/domain/api/fields.h"

namespace skerry::toolstack {
namespace {

constexpr std::uint64_t quiet_time = 100 * millisecond; ///< of a create, before it tells of its progress
constexpr std::uint64_t patience_with_founder = 60 * second, patience_with_service = 5 * second;
constexpr std::uint64_t ask_interval =
    millisecond; ///< of a service that does not answer yet, and tells nobody when it does

json::Value identity(DomainNumber id, const std::string& name) {
    json::Value value;
    value["id"] = unsigned{id};
    value["name"] = name;
    return value;
}

/// Does a service of the platform answer? One that was built again a moment ago takes a while.
bool answers(Platform& platform, const std::string& name) {
    try {
        if (name == "builder") (void)platform.builder.images();
        if (name == platform.console_service) (void)platform.consoles.log("", 0);
        if (name == platform.store_service && platform.store.present()) (void)platform.store.read("/");
    } catch (const Failure& failure) { return failure.code != code::unavailable; }
    return true;
}

const json::Value* only_domain(Fields& fields) {
    const json::Value* domain = fields.any("domain");
    fields.done();
    return domain;
}

} // namespace

json::Value Api::create(const json::Value& params, Call& call) {
    json::Value wish = params;
    bool paused = false;
    if (json::Object* members = wish.as_object()) {
        for (auto member = members->begin(); member != members->end(); ++member) {
            if (member->key != "paused") continue;
            if (member->value.as_bool() == nullptr)
                throw Failure(code::bad_request, "create: `paused` is to be true or false");
            paused = *member->value.as_bool();
            members->erase(member);
            break;
        }
    }
    const GuestConfig config = read_guest_config(wish);
    const std::uint64_t begun = platform_.clock.now_ns();
    const auto progress = [&](const char* step) {
        // Most guests are there sooner than anybody could read.
        if (platform_.clock.now_ns() - begun < quiet_time) return call.check();
        json::Value event;
        event["event"] = "progress";
        event["step"] = step;
        call.event(event);
    };
    const std::uint64_t waited = call.asked_ns() != 0 ? begun - call.asked_ns() : 0;
    const GuestPointer guest = guests_.create(config, paused, progress, platform_.clock.wall_ns() - waited);
    json::Value value = identity(guest->domain.id, config.name);
    value["uuid"] = guest->uuid;
    return value;
}

json::Value Api::pause(const json::Value& params, Call&) {
    Fields fields(params, "pause");
    const Target target = resolve_required(only_domain(fields), "pause");
    platform_.hypervisor.pause(target.id);
    return identity(target.id, target.name);
}

json::Value Api::unpause(const json::Value& params, Call&) {
    Fields fields(params, "unpause");
    const Target target = resolve_required(only_domain(fields), "unpause");
    platform_.hypervisor.unpause(target.id);
    return identity(target.id, target.name);
}

json::Value Api::ask(const json::Value& params, const char* method, const char* request) {
    Fields fields(params, method);
    const Target target = resolve_required(only_domain(fields), method);
    guests_.ask(target.id, std::string(method) + ": " + target.quoted(), request);
    return identity(target.id, target.name);
}

json::Value Api::shutdown(const json::Value& params, Call&) { return ask(params, "shutdown", "poweroff"); }
json::Value Api::reboot(const json::Value& params, Call&) { return ask(params, "reboot", "reboot"); }

json::Value Api::destroy(const json::Value& params, Call&) {
    Fields fields(params, "destroy");
    const Target target = resolve_required(only_domain(fields), "destroy");
    if (target.platform != nullptr)
        throw Failure(code::refused,
                      "destroy: " + target.quoted() + " is the platform's own; `restart` has it built again");
    json::Value value = identity(target.id, target.name);
    bool all_given_back = true;
    if (target.guest != nullptr)
        all_given_back = guests_.destroy(target.guest);
    else
        platform_.hypervisor.destroy(target.id);
    value["all_given_back"] = all_given_back;
    return value;
}

json::Value Api::rename(const json::Value& params, Call&) {
    Fields fields(params, "rename");
    const GuestPointer guest = guest_of(fields.any("domain"), "rename");
    const std::string name = fields.string("name");
    fields.done();
    guests_.rename(guest, name);
    return identity(guest->domain.id, name);
}

/// Ends a service of the platform; the first domain builds it again, with the same number.
json::Value Api::restart(const json::Value& params, Call&) {
    Fields fields(params, "restart");
    const Target target = resolve_required(only_domain(fields), "restart");
    if (target.platform == nullptr)
        throw Failure(code::refused, "restart: " + target.quoted() + " is no service of the platform; see `reboot`");
    if (target.id == 0)
        throw Failure(code::refused,
                      "restart: " + target.quoted() + " is the first domain, which nobody would build again");
    json::Value value = identity(target.id, target.name);
    if (target.name == "toolstack") {
        end_self_();
        return value;
    }
    const std::uint64_t begun = platform_.clock.now_ns(), deadline = begun + patience_with_founder;
    platform_.hypervisor.shut_down(target.id, ShutdownReason::reboot);
    const auto runs = [&] {
        for (const DomainState& state : platform_.hypervisor.domains())
            if (state.id == target.id) return !state.shut_down && !state.dying && !state.paused;
        return false;
    };
    while (!runs()) {
        if (platform_.clock.now_ns() >= deadline)
            throw Failure(code::timed_out, "restart: " + target.quoted() + " ended, and was not built again");
        guests_.wait_for_news();
    }
    const std::uint64_t patience = platform_.clock.now_ns() + patience_with_service;
    while (!answers(platform_, target.name) && platform_.clock.now_ns() < patience) guests_.wait_for_news(ask_interval);
    platform_.log.note("service " + target.quoted() + " restarted");
    value["pause_ns"] = platform_.clock.now_ns() - begun;
    return value;
}

} // namespace skerry::toolstack
