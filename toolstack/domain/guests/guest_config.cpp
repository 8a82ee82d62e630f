// SPDX-License-Identifier: MIT
#include "toolstack/domain/guests/guest_config.h"

#include "toolstack/domain/api/fields.h"
#include "toolstack/domain/base/cpu_set.h"

#include <algorithm>

namespace skerry::toolstack {
namespace {

constexpr std::uint64_t page_kib = 4, least_memory_kib = 1024, most_memory_kib = std::uint64_t{1} << 32; // 4 TiB

struct ActionName {
    const char* name;
    EndAction action;
};
constexpr ActionName actions[] = {
    {"destroy", EndAction::destroy},
    {"restart", EndAction::restart},
    {"preserve", EndAction::preserve},
    {"poweroff-platform", EndAction::power_off_platform},
};

EndAction read_action(Fields& fields, const char* key, EndAction otherwise) {
    const auto text = fields.optional_string(key);
    if (!text) return otherwise;
    for (const ActionName& action : actions)
        if (*text == action.name) return action.action;
    if (*text == "rename-restart" || *text == "coredump-destroy" || *text == "coredump-restart" ||
        *text == "soft-reset")
        throw Failure(code::unsupported, "create: " + quoted(key) + ": " + quoted(*text) + " is not supported");
    fields.wrong(key, "is " + quoted(*text) + ", not destroy, restart or preserve");
}

std::uint64_t read_memory(Fields& fields, const char* key, std::uint64_t otherwise) {
    const auto kib = fields.optional_integer(key, least_memory_kib, most_memory_kib);
    if (!kib) {
        if (otherwise == 0) fields.wrong(key, "is missing");
        return otherwise;
    }
    if (*kib % page_kib != 0) fields.wrong(key, "is to be whole pages of 4 KiB");
    return static_cast<std::uint64_t>(*kib);
}

std::vector<CpuSet> read_cpu_sets(Fields& fields, const char* key, unsigned vcpus) {
    std::vector<CpuSet> sets;
    for (const std::string& text : fields.strings(key)) sets.push_back(parse_cpu_set(text));
    if (sets.size() > 1 && sets.size() != vcpus)
        fields.wrong(key, "has " + std::to_string(sets.size()) + " sets for " + std::to_string(vcpus) + " vCPUs");
    return sets;
}

std::string read_image(Fields& fields, const char* key) {
    const auto name = fields.optional_string(key);
    if (!name) return "";
    if (!is_image_name(*name)) fields.wrong(key, "is " + quoted(*name) + ", which is no image's name");
    return *name;
}

bool is_name_character(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '+' || c == '-';
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }

json::Value sets_json(const std::vector<CpuSet>& sets) {
    json::Array array;
    for (const CpuSet& set : sets) array.emplace_back(cpu_set_text(set));
    return array;
}

} // namespace

const char* end_action_name(EndAction action) { return actions[static_cast<std::size_t>(action)].name; }

bool is_image_name(std::string_view name) {
    return !name.empty() && name.size() <= longest_name && std::all_of(name.begin(), name.end(), is_name_character) &&
           name[0] != '.' && name[0] != '_' && name[0] != '+' && name[0] != '-';
}

void check_name(std::string_view name, const char* what) {
    if (!is_image_name(name))
        throw Failure(code::bad_request,
                      std::string(what) + ": " + quoted(name) +
                          " is no name: letters, digits and ._+- are, at most 31, beginning with a letter or digit");
    if (std::all_of(name.begin(), name.end(), is_digit))
        throw Failure(code::bad_request,
                      std::string(what) + ": " + quoted(name) + " would look like a domain's number");
}

GuestConfig read_guest_config(const json::Value& params) {
    Fields fields(params, "create");
    GuestConfig config;
    config.name = fields.string("name");
    check_name(config.name, "create");
    config.kernel = read_image(fields, "kernel");
    if (config.kernel.empty()) fields.wrong("kernel", "is missing");
    config.loader = read_image(fields, "loader");
    config.ramdisk = read_image(fields, "ramdisk");
    config.cmdline = fields.optional_string("cmdline", longest_cmdline).value_or("");
    if (std::any_of(config.cmdline.begin(), config.cmdline.end(),
                    [](char c) { return c >= 0 && c < ' ' && c != '\t'; }))
        fields.wrong("cmdline", "is to be one line without control characters");
    config.memory_kib = read_memory(fields, "memory_kib", 0);
    config.most_memory_kib = read_memory(fields, "max_memory_kib", config.memory_kib);
    if (config.most_memory_kib < config.memory_kib) fields.wrong("max_memory_kib", "is less than `memory_kib`");
    config.vcpus = static_cast<unsigned>(fields.optional_integer("vcpus", 1, toolstack::most_vcpus).value_or(1));
    config.most_vcpus =
        static_cast<unsigned>(fields.optional_integer("max_vcpus", 1, toolstack::most_vcpus).value_or(config.vcpus));
    if (config.most_vcpus < config.vcpus) fields.wrong("max_vcpus", "is less than `vcpus`");
    config.hard = read_cpu_sets(fields, "cpus", config.most_vcpus);
    config.soft = read_cpu_sets(fields, "cpus_soft", config.most_vcpus);
    if (const auto weight = fields.optional_integer("weight", 1, 65535)) config.weight = static_cast<unsigned>(*weight);
    if (const auto cap = fields.optional_integer("cap", 0, 100 * most_vcpus)) config.cap = static_cast<unsigned>(*cap);
    config.on_poweroff = read_action(fields, "on_poweroff", EndAction::destroy);
    config.on_reboot = read_action(fields, "on_reboot", EndAction::restart);
    config.on_crash = read_action(fields, "on_crash", EndAction::destroy);
    config.on_watchdog = read_action(fields, "on_watchdog", config.on_crash);
    fields.done();
    return config;
}

json::Value guest_config_json(const GuestConfig& config) {
    json::Value value;
    value["name"] = config.name;
    value["kernel"] = config.kernel;
    if (!config.loader.empty()) value["loader"] = config.loader;
    if (!config.ramdisk.empty()) value["ramdisk"] = config.ramdisk;
    value["cmdline"] = config.cmdline;
    value["memory_kib"] = config.memory_kib;
    value["max_memory_kib"] = config.most_memory_kib;
    value["vcpus"] = config.vcpus;
    value["max_vcpus"] = config.most_vcpus;
    if (!config.hard.empty()) value["cpus"] = sets_json(config.hard);
    if (!config.soft.empty()) value["cpus_soft"] = sets_json(config.soft);
    if (config.weight) value["weight"] = *config.weight;
    if (config.cap) value["cap"] = *config.cap;
    value["on_poweroff"] = end_action_name(config.on_poweroff);
    value["on_reboot"] = end_action_name(config.on_reboot);
    value["on_crash"] = end_action_name(config.on_crash);
    value["on_watchdog"] = end_action_name(config.on_watchdog);
    return value;
}

std::string builder_section(const GuestConfig& config, std::string_view console, std::string_view store) {
    std::string text = "[domain " + config.name + "]\n";
    const auto line = [&](const char* key, std::string_view value) {
        if (!value.empty()) text += std::string(key) + " = " + std::string(value) + "\n";
    };
    line("loader", config.loader);
    line("kernel", config.kernel);
    line("ramdisk", config.ramdisk);
    line("cmdline", config.cmdline);
    line("memory", std::to_string(config.memory_kib) + "K");
    if (config.most_memory_kib > config.memory_kib) line("max_memory", std::to_string(config.most_memory_kib) + "K");
    line("vcpus", std::to_string(config.most_vcpus));
    if (config.weight) line("weight", std::to_string(*config.weight));
    if (config.cap) line("cap", std::to_string(*config.cap));
    if (config.hard.size() == 1 && !config.hard[0].all()) line("affinity", cpu_set_text(config.hard[0]));
    line("console", console);
    line("store", store);
    return text;
}

} // namespace skerry::toolstack
