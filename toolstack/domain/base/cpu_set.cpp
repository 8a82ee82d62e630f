// SPDX-License-Identifier: MIT
#include "toolstack/domain/base/cpu_set.h"

#include <charconv>

namespace skerry::toolstack {
namespace {

[[noreturn]] void wrong(std::string_view text, const std::string& why) {
    throw Failure(code::bad_request, "CPUs " + quoted(text) + ": " + why);
}

unsigned cpu_number(std::string_view part, std::string_view text) {
    unsigned number = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), number);
    if (error != std::errc{} || end != part.data() + part.size())
        wrong(text, quoted(part) + " is no number, range, ^number or ^range");
    if (number >= most_cpus) wrong(text, "there is no CPU " + std::to_string(number));
    return number;
}

} // namespace

CpuSet parse_cpu_set(std::string_view text) {
    CpuSet set;
    std::string_view rest = text;
    while (true) {
        const std::size_t comma = rest.find(',');
        std::string_view part = rest.substr(0, comma);
        while (!part.empty() && part.front() == ' ') part.remove_prefix(1);
        while (!part.empty() && part.back() == ' ') part.remove_suffix(1);
        const bool without = part.starts_with('^');
        if (without) part.remove_prefix(1);
        if (part.starts_with("node")) wrong(text, "this platform knows no NUMA nodes");
        if (part == "all") {
            without ? set.reset() : set.set();
        } else {
            const std::size_t dash = part.find('-');
            const unsigned first = cpu_number(part.substr(0, dash), text);
            const unsigned last = dash == std::string_view::npos ? first : cpu_number(part.substr(dash + 1), text);
            if (last < first) wrong(text, quoted(part) + " ends before it begins");
            for (unsigned cpu = first; cpu <= last; ++cpu) set.set(cpu, !without);
        }
        if (comma == std::string_view::npos) break;
        rest.remove_prefix(comma + 1);
    }
    if (set.none()) wrong(text, "none is left");
    return set;
}

std::string cpu_set_text(const CpuSet& set) {
    if (set.all()) return "all";
    std::string text;
    for (unsigned cpu = 0; cpu < most_cpus; ++cpu) {
        if (!set.test(cpu)) continue;
        unsigned last = cpu;
        while (last + 1 < most_cpus && set.test(last + 1)) ++last;
        text += (text.empty() ? "" : ",") + std::to_string(cpu);
        if (last > cpu) text += "-" + std::to_string(last);
        cpu = last;
    }
    return text.empty() ? "-" : text;
}

} // namespace skerry::toolstack
