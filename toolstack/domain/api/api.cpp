// SPDX-License-Identifier: MIT
#include "toolstack/domain/api/api.h"

#include "toolstack/domain/api/fields.h"

namespace skerry::toolstack {
namespace {

constexpr std::uint64_t patience_with_building = 60 * second;

} // namespace

const Api::Entry Api::entries[] = {
    {"version", &Api::version},
    {"list", &Api::list},
    {"info", &Api::info},
    {"dmesg", &Api::dmesg},
    {"log", &Api::log},
    {"rights", &Api::rights},
    {"trust", &Api::trust},
    {"create", &Api::create},
    {"pause", &Api::pause},
    {"unpause", &Api::unpause},
    {"shutdown", &Api::shutdown},
    {"reboot", &Api::reboot},
    {"destroy", &Api::destroy},
    {"rename", &Api::rename},
    {"restart", &Api::restart},
    {"vcpu-list", &Api::vcpu_list},
    {"vcpu-pin", &Api::vcpu_pin},
    {"vcpu-set", &Api::vcpu_set},
    {"sched", &Api::sched},
    {"mem-set", &Api::mem_set},
    {"images", &Api::images},
    {"images.put", &Api::images_put},
    {"images.drop", &Api::images_drop},
    {"console", &Api::console},
    {"keyboard", &Api::keyboard},
};

json::Value Api::call(const protocol::Request& request, Call& call) {
    for (const Entry& entry : entries)
        if (entry.name == request.method) return (this->*entry.method)(request.params, call);
    throw Failure(code::bad_request, "there is no method " + quoted(request.method));
}

std::vector<std::string_view> Api::methods() {
    std::vector<std::string_view> names;
    for (const Entry& entry : entries) names.push_back(entry.name);
    return names;
}

std::string Api::Target::quoted() const { return toolstack::quoted(name) + " (domain " + std::to_string(id) + ")"; }

Api::Target Api::target_of(const DomainState& state) const {
    Target target{state.id, "(unknown)", guests_.find(state.id), guests_.platform_domain(state.id)};
    if (target.guest != nullptr)
        target.name = target.guest->config.name;
    else if (target.platform != nullptr)
        target.name = target.platform->name;
    return target;
}

Api::Target Api::resolve(const json::Value& domain) const {
    if (const std::string* name = domain.as_string()) {
        if (const GuestPointer guest = guests_.find(*name)) {
            const auto is_built = [&] { return guest->phase != Guest::Phase::building; };
            if (!platform_.monitor.wait(platform_.clock, platform_.clock.now_ns() + patience_with_building, is_built))
                throw Failure(code::busy, "guest " + quoted(*name) + " is " + guest->doing);
            if (guest->phase == Guest::Phase::gone)
                throw Failure(code::not_found, "there is no domain " + quoted(*name) + " any more");
            return {guest->domain.id, *name, guest, nullptr};
        }
        if (const PlatformDomain* platform = guests_.platform_domain(*name))
            return {platform->id, *name, nullptr, platform};
        throw Failure(code::not_found, "there is no domain " + quoted(*name));
    }
    const std::int64_t* number = domain.as_integer();
    if (number == nullptr) throw Failure(code::bad_request, "a domain is named by its name or its number");
    for (const DomainState& state : platform_.hypervisor.domains())
        if (state.id == *number) return target_of(state);
    throw Failure(code::not_found, "there is no domain " + std::to_string(*number));
}

Api::Target Api::resolve_required(const json::Value* domain, const char* method) const {
    if (domain == nullptr) throw Failure(code::bad_request, std::string(method) + ": `domain` is missing");
    return resolve(*domain);
}

GuestPointer Api::guest_of(const json::Value* domain, const char* method) const {
    const Target target = resolve_required(domain, method);
    if (target.guest == nullptr)
        throw Failure(code::refused, std::string(method) + ": " + target.quoted() + " is no guest of this toolstack" +
                                         (target.platform != nullptr ? " but the platform's own" : ""));
    return target.guest;
}

/// The states of the named domain, or of all when none is named.
std::vector<DomainState> Api::states_of(const json::Value* domain) const {
    std::vector<DomainState> states = platform_.hypervisor.domains();
    if (domain == nullptr) return states;
    const Target target = resolve(*domain);
    for (const DomainState& state : states)
        if (state.id == target.id) return {state};
    throw Failure(code::not_found, target.quoted() + " is gone");
}

void Api::keep(Guest& guest) { platform_.journal.append(guest_record(guest)); }

} // namespace skerry::toolstack
