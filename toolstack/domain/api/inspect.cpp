// SPDX-License-Identifier: MIT
// Methods that only look: version, list, info, dmesg, log.
#include "toolstack/domain/api/api.h"
#include "toolstack/domain/api/fields.h"

namespace skerry::toolstack {
namespace {

constexpr std::uint64_t page_kib = 4;
constexpr std::size_t most_log = 512 << 10; // fits into an answer even if much of it has to be escaped

/// As xl shows it: running, blocked, paused, shut down, crashed, dying.
std::string state_flags(const DomainState& state) {
    const bool crashed = state.shut_down && state.shutdown_code != unsigned(ShutdownReason::power_off) &&
                         state.shutdown_code != unsigned(ShutdownReason::reboot);
    std::string flags = "------";
    if (state.running) flags[0] = 'r';
    if (state.blocked && !state.shut_down) flags[1] = 'b';
    if (state.paused) flags[2] = 'p';
    if (state.shut_down) flags[3] = 's';
    if (crashed) flags[4] = 'c';
    if (state.dying) flags[5] = 'd';
    return flags;
}

} // namespace

json::Value Api::describe(const DomainState& state) const {
    const Target target = target_of(state);
    json::Value value;
    value["id"] = unsigned{state.id};
    value["name"] = target.name;
    value["kind"] = target.guest != nullptr ? "guest" : target.platform != nullptr ? "platform" : "unknown";
    value["state"] = state_flags(state);
    value["memory_kib"] = state.pages * page_kib;
    value["vcpus"] = state.vcpus_online;
    value["cpu_time_ns"] = state.cpu_time_ns;
    return value;
}

json::Value Api::version(const json::Value& params, Call&) {
    Fields(params, "version").done();
    json::Value value;
    value["toolstack"] = "0.4";
    value["protocol"] = 1;
    json::Array names;
    for (const std::string_view name : methods()) names.emplace_back(name);
    value["methods"] = std::move(names);
    return value;
}

json::Value Api::list(const json::Value& params, Call&) {
    Fields fields(params, "list");
    const json::Value* domain = fields.any("domain");
    fields.done();
    json::Array all;
    for (const DomainState& state : states_of(domain)) all.push_back(describe(state));
    json::Value value;
    value["now_ns"] = platform_.clock.now_ns();
    value["domains"] = std::move(all);
    return value;
}

json::Value Api::info(const json::Value& params, Call&) {
    Fields fields(params, "info");
    const json::Value* domain = fields.any("domain");
    fields.done();
    if (domain != nullptr) {
        const DomainState state = states_of(domain).front();
        const Target target = target_of(state);
        json::Value value = describe(state);
        value["max_memory_kib"] = state.most_pages * page_kib;
        value["max_vcpus"] = state.vcpus;
        if (state.shut_down) value["shutdown_code"] = state.shutdown_code;
        if (target.guest != nullptr) {
            const Guest& guest = *target.guest;
            value["uuid"] = guest.uuid;
            value["created_wall_ns"] = guest.created_wall_ns;
            value["runs_for_ns"] = platform_.clock.now_ns() - guest.started_ns;
            value["console_port"] = guest.domain.console_port;
            value["store_port"] = guest.domain.store_port;
            value["config"] = guest_config_json(guest.config);
        }
        return value;
    }
    const Machine machine = platform_.hypervisor.machine();
    json::Value value;
    value["hypervisor"] = machine.version;
    value["capabilities"] = machine.capabilities;
    value["hypervisor_options"] = machine.options;
    value["cpus"] = machine.cpus;
    value["cpu_khz"] = machine.cpu_khz;
    value["memory_kib"] = machine.pages * page_kib;
    value["free_memory_kib"] = machine.free_pages * page_kib;
    value["domains"] = std::uint64_t{platform_.hypervisor.domains().size()};
    value["guests"] = std::uint64_t{guests_.all().size()};
    value["up_ns"] = platform_.clock.now_ns();
    value["wall_ns"] = platform_.clock.wall_ns();
    json::Array idle;
    for (const std::uint64_t time : machine.idle_ns) idle.emplace_back(time);
    value["idle_ns"] = std::move(idle);
    value["xenstore"] = platform_.store.present();
    return value;
}

json::Value Api::dmesg(const json::Value& params, Call&) {
    Fields(params, "dmesg").done();
    std::string text;
    for (std::uint32_t position = 0;;) {
        LogPart part = platform_.hypervisor.read_log(position);
        if (part.text.empty()) break;
        position = part.position;
        text += part.text;
        if (text.size() > most_log) text.erase(0, text.size() - most_log);
    }
    json::Value value;
    value["text"] = std::move(text);
    return value;
}

json::Value Api::log(const json::Value& params, Call&) {
    Fields fields(params, "log");
    const json::Value* domain = fields.any("domain");
    const auto lines = static_cast<unsigned>(fields.optional_integer("lines", 1, 100'000).value_or(100));
    fields.done();
    json::Value value;
    if (domain != nullptr) {
        const std::string* name = domain->as_string(); // its guest may be gone, or just being built again
        std::string text;
        try {
            text =
                platform_.consoles.log(name != nullptr && is_image_name(*name) ? *name : resolve(*domain).name, lines);
        } catch (const Failure& failure) {
            if (failure.code == code::refused) (void)resolve(*domain); // says so if there is none
            throw;
        }
        if (text.size() > most_log) text.erase(0, text.size() - most_log);
        value["text"] = std::move(text);
        return value;
    }
    json::Array all;
    const auto& kept = platform_.log.lines();
    for (std::size_t i = kept.size() > lines ? kept.size() - lines : 0; i < kept.size(); ++i) {
        json::Value line;
        line["wall_ns"] = kept[i].wall_ns;
        line["text"] = kept[i].text;
        all.push_back(std::move(line));
    }
    value["lines"] = std::move(all);
    return value;
}

} // namespace skerry::toolstack
