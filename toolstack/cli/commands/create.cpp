// SPDX-License-Identifier: MIT
#include "toolstack/cli/commands/commands.h"
#include "toolstack/cli/config/guest_settings.h"
#include "toolstack/cli/terminal.h"
#include "toolstack/cli/text.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace skerry::cli {
namespace {

constexpr const char* guest_loader = "pv-boot"; // the platform's image that unpacks a guest's kernel inside the guest

/// The text of a configuration with the overrides behind it, and how its lines are named in messages.
struct Source {
    std::string file, text;
    std::vector<std::string> overrides;
    unsigned file_lines = 0;

    std::string place(unsigned line) const {
        if (line == 0) return file;
        if (line <= file_lines) return file + ":" + std::to_string(line);
        const std::size_t which = std::min<std::size_t>(line - file_lines, overrides.size());
        return which == 0 ? file : "argument `" + overrides[which - 1] + "`";
    }
};

Source read_source(const std::string& file, const std::vector<std::string>& overrides) {
    std::error_code error;
    if (std::filesystem::is_directory(file, error)) throw CommandError("cannot read " + file + ": it is a folder");
    std::ifstream stream(file, std::ios::binary);
    if (!stream) throw CommandError("cannot read " + file + ": " + std::strerror(errno));
    std::ostringstream text;
    text << stream.rdbuf();
    Source source{file, text.str(), overrides, 0};
    if (!source.text.empty() && source.text.back() != '\n') source.text += '\n';
    source.file_lines = static_cast<unsigned>(std::count(source.text.begin(), source.text.end(), '\n'));
    for (std::string line : overrides) {
        std::replace(line.begin(), line.end(), '\n', ' ');
        source.text += line + "\n";
    }
    return source;
}

[[noreturn]] void fail(const Source& source, std::vector<ConfigProblem> problems) {
    std::stable_sort(problems.begin(), problems.end(), [](const auto& a, const auto& b) { return a.line < b.line; });
    std::string text;
    for (const ConfigProblem& problem : problems)
        text += (text.empty() ? "" : "\n") + source.place(problem.line) + ": " + problem.text;
    throw CommandError(text);
}

GuestSettings read_settings(const Source& source) {
    GuestSettings settings;
    try {
        settings = read_guest_settings(parse_config(source.text));
    } catch (const ConfigError& error) { fail(source, {{error.line, error.what()}}); }
    for (const auto& [key, image] :
         {std::pair<const char*, ImageSource&>{"kernel", settings.kernel}, {"ramdisk", settings.ramdisk}}) {
        std::error_code error;
        if (!image.file.empty() && !std::filesystem::is_regular_file(image.file, error))
            settings.problems.push_back({image.line, "`" + std::string(key) + "`: cannot read " + image.file + ": " +
                                                         (error ? error.message() : "no such file")});
    }
    if (!settings.problems.empty()) fail(source, settings.problems);
    return settings;
}

/// Calls create; what was uploaded for it only goes again if it fails.
json::Value create_guest(Session& session, json::Value params, const std::vector<std::string>& uploaded) {
    ProgressLine progress(session.quiet || session.json);
    try {
        return session.client().call("create", std::move(params), [&](const json::Value& event) {
            progress.show("creating: " + harmless(event.text_or("step", "")));
        });
    } catch (const protocol::CallError&) {
        for (const std::string& image : uploaded) {
            json::Value drop;
            drop["name"] = image;
            try {
                (void)session.client().call("images.drop", std::move(drop));
            } catch (const protocol::CallError&) { /* in use by another guest meanwhile, or gone with this one */
            }
        }
        throw;
    }
}

void show_created(Session& session, const json::Value& result, bool with_console) {
    if (session.json)
        print(json::write(result, true) + "\n");
    else
        print(harmless(result.text_or("name", "?")) + " is domain " + std::to_string(result.integer_or("id", -1)) +
              "\n");
    if (with_console) console(session, std::to_string(result.integer_or("id", -1)));
}

/// One word of a domain's command line, which minios splits again: either kind of quotes, no escapes.
std::string quoted_word(const std::string& word) {
    if (word.find('\n') != std::string::npos) throw CommandError("an argument has more than one line");
    const bool has_single = word.find('\'') != std::string::npos, has_double = word.find('"') != std::string::npos;
    if (has_single && has_double) throw CommandError("an argument has both kinds of quotes: " + word);
    const bool plain = !word.empty() && word.find_first_of(" \t'\"") == std::string::npos;
    return plain ? word : has_single ? "\"" + word + "\"" : "'" + word + "'";
}

} // namespace

void create(Session& session, const CreateOptions& options) {
    const Source source = read_source(options.file, options.overrides);
    GuestSettings settings = read_settings(source);
    settings.params["loader"] = guest_loader;
    if (options.paused) settings.params["paused"] = true;
    if (options.dry_run) {
        settings.params["kernel"] =
            settings.kernel.file.empty() ? "image:" + settings.kernel.image : settings.kernel.file;
        if (settings.ramdisk.given())
            settings.params["ramdisk"] =
                settings.ramdisk.file.empty() ? "image:" + settings.ramdisk.image : settings.ramdisk.file;
        return print(json::write(settings.params, true) + "\n");
    }
    std::vector<std::string> uploaded;
    const auto image_of = [&](const ImageSource& image) {
        return image.file.empty() ? image.image : upload(session, image.file, "", true, &uploaded);
    };
    settings.params["kernel"] = image_of(settings.kernel);
    if (settings.ramdisk.given()) settings.params["ramdisk"] = image_of(settings.ramdisk);
    show_created(session, create_guest(session, std::move(settings.params), uploaded), options.console);
}

void run(Session& session, const RunOptions& options) {
    std::string line;
    for (const std::string& variable : options.environment) {
        if (variable.find('=') == std::string::npos || variable[0] == '=')
            throw CommandError("`" + variable + "` is no NAME=VALUE for the environment");
        line += (line.empty() ? "" : " ") + quoted_word(variable);
    }
    for (const std::string& argument : options.arguments) line += (line.empty() ? "" : " ") + quoted_word(argument);
    std::vector<std::string> uploaded;
    const auto image_of = [&](const std::string& image) {
        return image.starts_with("image:") ? image.substr(6) : upload(session, image, "", true, &uploaded);
    };
    json::Value params;
    params["name"] = options.name.empty() ? std::filesystem::path(options.image).filename().string() : options.name;
    params["cmdline"] = line;
    params["memory_kib"] = parse_memory(options.memory);
    params["vcpus"] = options.vcpus;
    params["on_crash"] = options.on_crash;
    if (options.paused) params["paused"] = true;
    params["kernel"] = image_of(options.image);
    if (!options.files.empty()) params["ramdisk"] = image_of(options.files);
    show_created(session, create_guest(session, std::move(params), uploaded), options.console);
}

} // namespace skerry::cli
