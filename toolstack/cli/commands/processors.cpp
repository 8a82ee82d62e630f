// SPDX-License-Identifier: MIT
#include "toolstack/cli/commands/commands.h"
#include "toolstack/cli/terminal.h"
#include "toolstack/cli/text.h"

#include <algorithm>

namespace skerry::cli {

void vcpu_pin(Session& session, const PinOptions& options) {
    json::Value params;
    params["domain"] = domain_argument(options.domain);
    if (options.vcpu != "all") {
        if (!std::all_of(options.vcpu.begin(), options.vcpu.end(), [](char c) { return c >= '0' && c <= '9'; }) ||
            options.vcpu.empty() || options.vcpu.size() > 4)
            throw CommandError("`" + options.vcpu + "` is no number of a vCPU, nor `all`");
        params["vcpu"] = std::stoi(options.vcpu);
    }
    if (!options.hard.empty() && options.hard != "-") params["hard"] = options.hard;
    if (!options.soft.empty() && options.soft != "-") params["soft"] = options.soft;
    const json::Value result = session.client().call("vcpu-pin", std::move(params));
    if (session.json) print(json::write(result, true) + "\n");
}

void vcpu_set(Session& session, const std::string& domain, unsigned count) {
    json::Value params;
    params["domain"] = domain_argument(domain);
    params["count"] = count;
    const json::Value result = session.client().call("vcpu-set", std::move(params));
    if (session.json) print(json::write(result, true) + "\n");
}

void sched(Session& session, const SchedOptions& options) {
    json::Value params = json::Object{};
    if (!options.domain.empty()) params["domain"] = domain_argument(options.domain);
    if (options.weight) params["weight"] = *options.weight;
    if (options.cap) params["cap"] = *options.cap;
    const json::Value result = options.weight || options.cap ? session.client().call("sched", std::move(params))
                                                             : session.look("sched", params);
    if (session.json) return print(json::write(result, true) + "\n");
    Table table({{"Name", Table::Align::left},
                 {"ID", Table::Align::right},
                 {"Weight", Table::Align::right},
                 {"Cap", Table::Align::right}});
    if (const json::Value* all = result.find("domains"); all != nullptr && all->as_array() != nullptr)
        for (const json::Value& each : *all->as_array())
            table.row({harmless(each.text_or("name", "?")), std::to_string(each.integer_or("id", -1)),
                       std::to_string(each.integer_or("weight", 0)), std::to_string(each.integer_or("cap", 0))});
    print(table.text());
}

void mem_set(Session& session, const std::string& domain, const std::string& memory) {
    json::Value params;
    params["domain"] = domain_argument(domain);
    params["memory_kib"] = parse_memory(memory);
    const json::Value result = session.client().call("mem-set", std::move(params));
    if (session.json) print(json::write(result, true) + "\n");
}

} // namespace skerry::cli
