// SPDX-License-Identifier: MIT
// xen-core is a house of floors: each folder includes only folders below it (docs/architecture.md), and nothing outside
// but the public Xen headers and what a freestanding C++ has. There are no exceptions but those named here.
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
const fs::path xen_core = fs::path(SOURCE_ROOT) / "xen-core";

const std::map<std::string, int> floors = {{"base", 1},       {"arch", 2},   {"events", 2}, {"memory", 3},
                                           {"schedule", 3},   {"pv_mmu", 4}, {"grants", 4}, {"domain", 5},
                                           {"hypercalls", 6}, {"traps", 7},  {"boot", 8}};

struct Include {
    std::string from, to; // paths relative to xen-core
    bool angle;
};

// `#include "..."` or `#include <...>` at the start of a line, as the formatter leaves it.
std::vector<Include> includes_of(const fs::path& file) {
    const std::string directive = "#include ";
    std::vector<Include> found;
    std::ifstream stream(file);
    for (std::string line; std::getline(stream, line);) {
        size_t at = line.find_first_not_of(" \t");
        if (at == std::string::npos || line.compare(at, directive.size(), directive) != 0) continue;
        size_t open = at + directive.size();
        size_t close = line.find_first_of("\">", open + 1);
        if (close != std::string::npos)
            found.push_back(
                {fs::relative(file, xen_core).string(), line.substr(open + 1, close - open - 1), line[open] == '<'});
    }
    return found;
}

std::vector<Include> all_includes() {
    std::vector<Include> found;
    for (const auto& entry : fs::recursive_directory_iterator(xen_core)) {
        std::string extension = entry.path().extension();
        if (extension != ".h" && extension != ".cpp" && extension != ".S") continue;
        for (Include& include : includes_of(entry.path())) found.push_back(std::move(include));
    }
    return found;
}

std::string folder_of(const std::string& path) { return path.substr(0, path.find('/')); }

TEST(Floors, EachIncludesOnlyFloorsBelow) {
    std::vector<Include> includes = all_includes();
    ASSERT_GT(includes.size(), 300u) << "the sources were not found under " << xen_core;
    for (const Include& include : includes) {
        if (include.angle) continue;
        std::string from = folder_of(include.from), to = folder_of(include.to);
        ASSERT_TRUE(floors.count(to)) << include.from << " includes " << include.to << ", which is on no floor";
        EXPECT_TRUE(from == to || floors.at(from) > floors.at(to)) << include.from << " includes " << include.to;
    }
}

TEST(Floors, NothingFromOutsideButPublicHeaders) {
    const std::set<std::string> freestanding = {
        "algorithm",        "array",  "atomic",      "bit",      "compare", "concepts", "cstddef",  "cstdint",
        "initializer_list", "limits", "new",         "optional", "span",    "stdarg.h", "stddef.h", "stdint.h",
        "string.h",         "tuple",  "type_traits", "utility",  "cpuid.h"};
    for (const Include& include : all_includes())
        EXPECT_TRUE(!include.angle || folder_of(include.to) == "xen" || freestanding.count(include.to))
            << include.from << " includes <" << include.to << ">";
}

TEST(Floors, NoFolderIsMissing) {
    for (const auto& entry : fs::directory_iterator(xen_core))
        EXPECT_TRUE(!entry.is_directory() || floors.count(entry.path().filename()))
            << entry.path() << " is on no floor";
}

} // namespace
