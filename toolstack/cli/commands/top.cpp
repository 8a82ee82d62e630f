// SPDX-License-Identifier: MIT
#include "toolstack/cli/commands/commands.h"
#include "toolstack/cli/terminal.h"
#include "toolstack/cli/text.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <unistd.h>

namespace skerry::cli {
namespace {

struct Sample {
    std::int64_t now_ns = 0;
    std::map<std::int64_t, std::int64_t> cpu_time_ns; ///< by domain
};

std::string percent(std::int64_t part, std::int64_t whole) {
    char text[32];
    std::snprintf(text, sizeof text, "%.1f",
                  whole > 0 ? 100.0 * static_cast<double>(part) / static_cast<double>(whole) : 0.0);
    return text;
}

std::string page(const json::Value& result, const json::Value& machine, Sample& last) {
    Sample sample;
    sample.now_ns = result.integer_or("now_ns", 0);
    const std::int64_t passed = last.now_ns > 0 ? sample.now_ns - last.now_ns : 0;
    std::vector<std::pair<std::int64_t, std::vector<std::string>>> rows;
    const json::Value* domains = result.find("domains");
    const json::Array none;
    for (const json::Value& each : domains != nullptr && domains->as_array() ? *domains->as_array() : none) {
        const std::int64_t id = each.integer_or("id", -1), time = each.integer_or("cpu_time_ns", 0);
        sample.cpu_time_ns[id] = time;
        const auto before = last.cpu_time_ns.find(id);
        const std::int64_t used =
            before != last.cpu_time_ns.end() ? std::max<std::int64_t>(time - before->second, 0) : 0;
        rows.push_back({used,
                        {harmless(each.text_or("name", "?")), std::to_string(id), each.text_or("state", "?"),
                         seconds(time), percent(used, passed), mebibytes(each.integer_or("memory_kib", 0)),
                         percent(each.integer_or("memory_kib", 0), machine.integer_or("memory_kib", 0)),
                         std::to_string(each.integer_or("vcpus", 0))}});
    }
    std::stable_sort(rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
    Table table({{"Name", Table::Align::left},
                 {"ID", Table::Align::right},
                 {"State", Table::Align::left},
                 {"CPU(s)", Table::Align::right},
                 {"CPU(%)", Table::Align::right},
                 {"Mem(MiB)", Table::Align::right},
                 {"Mem(%)", Table::Align::right},
                 {"VCPUs", Table::Align::right}});
    for (auto& [used, cells] : rows) table.row(std::move(cells));
    last = std::move(sample);
    return "up " + duration(last.now_ns) + ", " + std::to_string(machine.integer_or("cpus", 0)) + " CPUs, " +
           mebibytes(machine.integer_or("memory_kib", 0)) + " MiB, " +
           mebibytes(machine.integer_or("free_memory_kib", 0)) + " MiB free\n" + table.text();
}

} // namespace

void top(Session& session, const TopOptions& options) {
    const bool redraw = ::isatty(STDOUT_FILENO) == 1 && !session.json;
    Sample last;
    for (unsigned round = 0; options.iterations == 0 || round < options.iterations; ++round) {
        if (round > 0 && session.client().wait(redraw ? STDIN_FILENO : -1, static_cast<int>(options.delay_s * 1000))) {
            char key = 0;
            if (::read(STDIN_FILENO, &key, 1) <= 0 || key == 'q' || key == 'Q' || key == '\n') return;
        }
        const json::Value result = session.look("list", json::Object{});
        if (session.json) {
            print(json::write(result) + "\n");
            continue;
        }
        const json::Value machine = session.look("info", json::Object{});
        print((redraw ? "\x1b[H\x1b[J" : round > 0 ? "\n" : "") + page(result, machine, last));
    }
}

} // namespace skerry::cli
