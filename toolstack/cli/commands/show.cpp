// SPDX-License-Identifier: MIT
#include "toolstack/cli/commands/commands.h"
#include "toolstack/cli/terminal.h"
#include "toolstack/cli/text.h"

namespace skerry::cli {
namespace {

json::Value params_for(const std::string& domain) {
    json::Value params = json::Object{};
    if (!domain.empty()) params["domain"] = domain_argument(domain);
    return params;
}

const json::Array& array(const json::Value& value, std::string_view key) {
    static const json::Array none;
    const json::Value* found = value.find(key);
    return found != nullptr && found->as_array() != nullptr ? *found->as_array() : none;
}

std::string number(const json::Value& value, std::string_view key) { return std::to_string(value.integer_or(key, 0)); }

void line(const char* title, const std::string& text) {
    std::string padded = title;
    padded.resize(20, ' ');
    print(padded + ": " + harmless(text) + "\n");
}

void show_machine(const json::Value& result) {
    line("hypervisor", result.text_or("hypervisor", "?"));
    line("capabilities", result.text_or("capabilities", ""));
    line("hypervisor options", result.text_or("hypervisor_options", ""));
    line("processors", number(result, "cpus"));
    line("cpu MHz", std::to_string(result.integer_or("cpu_khz", 0) / 1000));
    line("memory (MiB)", mebibytes(result.integer_or("memory_kib", 0)));
    line("free memory (MiB)", mebibytes(result.integer_or("free_memory_kib", 0)));
    line("domains", number(result, "domains"));
    line("guests", number(result, "guests"));
    line("xenstore", result.bool_or("xenstore", false) ? "yes" : "no");
    line("up", duration(result.integer_or("up_ns", 0)));
    line("time (UTC)", wall_time(result.integer_or("wall_ns", 0)));
}

void show_domain(const json::Value& result) {
    line("name", result.text_or("name", "?"));
    line("id", number(result, "id"));
    line("kind", result.text_or("kind", "?"));
    line("state", result.text_or("state", "?"));
    line("memory (MiB)", mebibytes(result.integer_or("memory_kib", 0)));
    line("vCPUs", number(result, "vcpus") + " of " + number(result, "max_vcpus"));
    line("CPU time (s)", seconds(result.integer_or("cpu_time_ns", 0)));
    if (result.find("uuid") == nullptr) return;
    line("uuid", result.text_or("uuid", ""));
    line("created (UTC)", wall_time(result.integer_or("created_wall_ns", 0)));
    line("runs for", duration(result.integer_or("runs_for_ns", 0)));
    const json::Value* config = result.find("config");
    if (config == nullptr) return;
    for (const char* key : {"kernel", "loader", "ramdisk", "cmdline"})
        if (config->find(key) != nullptr) line(key, config->text_or(key, ""));
    line("max memory (MiB)", mebibytes(config->integer_or("max_memory_kib", 0)));
    for (const char* key : {"on_poweroff", "on_reboot", "on_crash", "on_watchdog"}) line(key, config->text_or(key, ""));
}

} // namespace

void list(Session& session, const std::string& domain) {
    const json::Value result = session.look("list", params_for(domain));
    if (session.json) return print(json::write(result, true) + "\n");
    Table table({{"Name", Table::Align::left},
                 {"ID", Table::Align::right},
                 {"Mem", Table::Align::right},
                 {"VCPUs", Table::Align::right},
                 {"State", Table::Align::left},
                 {"Time(s)", Table::Align::right}});
    for (const json::Value& each : array(result, "domains"))
        table.row({harmless(each.text_or("name", "?")), number(each, "id"), mebibytes(each.integer_or("memory_kib", 0)),
                   number(each, "vcpus"), each.text_or("state", "?"), seconds(each.integer_or("cpu_time_ns", 0))});
    print(table.text());
}

void info(Session& session, const std::string& domain) {
    const json::Value result = session.look("info", params_for(domain));
    if (session.json) return print(json::write(result, true) + "\n");
    domain.empty() ? show_machine(result) : show_domain(result);
}

void dmesg(Session& session) {
    const json::Value result = session.look("dmesg", json::Object{});
    print(session.json ? json::write(result, true) + "\n" : harmless(result.text_or("text", "")));
}

void log(Session& session, const std::string& domain, unsigned lines) {
    json::Value params = params_for(domain);
    params["lines"] = lines;
    const json::Value result = session.look("log", std::move(params));
    if (session.json) return print(json::write(result, true) + "\n");
    print(harmless(result.text_or("text", "")));
    for (const json::Value& each : array(result, "lines"))
        print(wall_time(each.integer_or("wall_ns", 0)) + "  " + harmless(each.text_or("text", "")) + "\n");
}

void vcpu_list(Session& session, const std::string& domain) {
    const json::Value result = session.look("vcpu-list", params_for(domain));
    if (session.json) return print(json::write(result, true) + "\n");
    Table table({{"Name", Table::Align::left},
                 {"ID", Table::Align::right},
                 {"VCPU", Table::Align::right},
                 {"CPU", Table::Align::right},
                 {"State", Table::Align::left},
                 {"Time(s)", Table::Align::right},
                 {"Affinity (Hard / Soft)", Table::Align::left}});
    for (const json::Value& each : array(result, "domains"))
        for (const json::Value& vcpu : array(each, "vcpus"))
            table.row({harmless(each.text_or("name", "?")), number(each, "id"), number(vcpu, "vcpu"),
                       vcpu.bool_or("online", false) ? number(vcpu, "cpu") : "-", vcpu.text_or("state", "?"),
                       seconds(vcpu.integer_or("cpu_time_ns", 0)),
                       vcpu.text_or("hard", "?") + " / " + vcpu.text_or("soft", "?")});
    print(table.text());
}

void version(Session& session) {
    const json::Value result = session.look("version", json::Object{});
    if (session.json) return print(json::write(result, true) + "\n");
    print("skerry 0.4, toolstack " + harmless(result.text_or("toolstack", "?")) + "\n");
}

} // namespace skerry::cli
