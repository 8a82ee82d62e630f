// SPDX-License-Identifier: MIT
#include "toolstack/cli/commands/attachment.h"
#include "toolstack/cli/commands/commands.h"
#include "toolstack/cli/commands/creation.h"
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

} // namespace

std::string image_of(Session& session, const std::string& image, std::vector<std::string>& uploaded) {
    return image.starts_with("image:") ? image.substr(6) : upload(session, image, "", true, &uploaded);
}

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

void show_created(Session& session, const json::Value& result) {
    print(session.json ? json::write(result, true) + "\n"
                       : harmless(result.text_or("name", "?")) + " is domain " +
                             std::to_string(result.integer_or("id", -1)) + "\n");
}

void destroy_quietly(Session& session, std::int64_t id) {
    json::Value params;
    params["domain"] = id;
    try {
        (void)session.client().call("destroy", std::move(params));
    } catch (const protocol::CallError&) { /* it is gone already */
    }
}

void create(Session& session, const CreateOptions& options) {
    const Source source = read_source(options.file, options.overrides);
    GuestSettings settings = read_settings(source);
    settings.params["loader"] = guest_loader;
    if (options.paused) settings.params["paused"] = true;
    if (options.dry_run) {
        settings.params["kernel"] = settings.kernel.source();
        if (settings.ramdisk.given()) settings.params["ramdisk"] = settings.ramdisk.source();
        return print(json::write(settings.params, true) + "\n");
    }
    std::vector<std::string> uploaded;
    settings.params["kernel"] = image_of(session, settings.kernel.source(), uploaded);
    if (settings.ramdisk.given()) settings.params["ramdisk"] = image_of(session, settings.ramdisk.source(), uploaded);
    if (options.console) settings.params["paused"] = true; // nothing that it says is to be missed
    const json::Value result = create_guest(session, std::move(settings.params), uploaded);
    show_created(session, result);
    if (!options.console) return;
    Look look;
    look.unpause = !options.paused;
    (void)attach(session, result.integer_or("id", -1), look);
}

} // namespace skerry::cli
