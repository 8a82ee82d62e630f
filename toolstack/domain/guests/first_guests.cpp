// SPDX-License-Identifier: MIT
#include "toolstack/domain/guests/first_guests.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <dirent.h>

namespace skerry::toolstack {
namespace {

constexpr std::size_t most_text = 64 << 10;

std::string read_file(const std::string& path) {
    std::string text;
    std::FILE* const file = std::fopen(path.c_str(), "r");
    if (file == nullptr) return text;
    std::array<char, 4096> piece;
    while (const std::size_t count = std::fread(piece.data(), 1, piece.size(), file)) {
        text.append(piece.data(), count);
        if (text.size() > most_text) break; // which JSON of a guest never is: it will not be understood
    }
    (void)std::fclose(file);
    return text;
}

bool ends_platform(const GuestConfig& config) {
    const auto actions = {config.on_poweroff, config.on_reboot, config.on_crash, config.on_watchdog};
    return std::find(actions.begin(), actions.end(), EndAction::power_off_platform) != actions.end();
}

} // namespace

std::vector<FirstGuest> read_first_guests(const std::string& folder) {
    std::vector<FirstGuest> all;
    DIR* const entries = ::opendir(folder.c_str());
    if (entries == nullptr) return all;
    while (const dirent* entry = ::readdir(entries)) {
        const std::string name = entry->d_name;
        if (name.ends_with(".json")) all.push_back({name, read_file(folder + "/" + name)});
    }
    (void)::closedir(entries);
    std::sort(all.begin(), all.end(), [](const auto& one, const auto& other) { return one.file < other.file; });
    return all;
}

void create_first_guests(Platform& platform, Guests& guests, const std::vector<FirstGuest>& wanted,
                         const std::set<std::string>& created) {
    for (const FirstGuest& each : wanted) {
        if (created.contains(each.file)) continue;
        bool needed = true; // until it is known that the platform can do without it
        try {
            const GuestConfig config = read_guest_config(json::parse(each.text));
            needed = ends_platform(config);
            // A former instance may have gone between creating it and noting so.
            if (guests.find(config.name) == nullptr)
                guests.insist([&] {
                    (void)guests.create(
                        config, false, [](const char*) {}, platform.clock.wall_ns());
                });
        } catch (const std::runtime_error& error) {
            platform.log.note("guest of " + quoted(each.file) + " could not be created: " + error.what());
            if (needed) return platform.power_off();
        }
        try {
            platform.journal.append(first_guest_record(each.file));
        } catch (const Failure& failure) { platform.log.note("noting " + quoted(each.file) + ": " + failure.what()); }
    }
}

} // namespace skerry::toolstack
