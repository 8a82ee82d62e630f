// SPDX-License-Identifier: MIT
// run: a program of the SDK as a domain, used as if it were a program of this machine.
#include "toolstack/cli/commands/attachment.h"
#include "toolstack/cli/commands/commands.h"
#include "toolstack/cli/commands/creation.h"
#include "toolstack/cli/text.h"

#include <charconv>
#include <filesystem>
#include <unistd.h>

namespace skerry::cli {
namespace {

/// One word of a domain's command line, which minios splits again: either kind of quotes, no escapes.
std::string quoted_word(const std::string& word) {
    if (word.find('\n') != std::string::npos) throw CommandError("an argument has more than one line");
    const bool has_single = word.find('\'') != std::string::npos, has_double = word.find('"') != std::string::npos;
    if (has_single && has_double) throw CommandError("an argument has both kinds of quotes: " + word);
    const bool plain = !word.empty() && word.find_first_of(" \t'\"") == std::string::npos;
    return plain ? word : has_single ? "\"" + word + "\"" : "'" + word + "'";
}

/// What minios takes for a variable where the program's environment may be (minios/libc/start.cpp).
bool is_variable(const std::string& word) {
    const std::size_t name = word.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
    return name != std::string::npos && name != 0 && word[name] == '=' && (word[0] < '0' || word[0] > '9');
}

std::string command_line(const RunOptions& options, bool piped) {
    std::string line = piped ? "SKERRY_CONSOLE=pipe" : ""; // standard input ends, and is not echoed
    const auto add = [&](const std::string& word) { line += (line.empty() ? "" : " ") + quoted_word(word); };
    for (const std::string& variable : options.environment) {
        if (!is_variable(variable))
            throw CommandError("`" + variable + "` is no NAME=VALUE for the environment, with NAME in capitals");
        add(variable);
    }
    // The end of the environment is said where it cannot be seen.
    if (!options.arguments.empty() && (is_variable(options.arguments[0]) || options.arguments[0] == "=")) add("=");
    for (const std::string& argument : options.arguments) add(argument);
    return line;
}

std::string name_of(const RunOptions& options) {
    if (!options.name.empty()) return options.name;
    const std::string image = options.image.starts_with("image:") ? options.image.substr(6) : options.image;
    return std::filesystem::path(image).filename().string();
}

/// The number behind the last `text` in `said`.
std::optional<int> number_behind(const std::string& said, std::string_view text) {
    const std::size_t at = said.rfind(text);
    int number = 0;
    if (at == std::string::npos) return std::nullopt;
    const char* const begin = said.data() + at + text.size();
    const auto [end, error] = std::from_chars(begin, said.data() + said.size(), number);
    return error == std::errc{} ? std::optional(number) : std::nullopt;
}

/// As a shell has it: a program's own status, or 128 and the signal that ended it. A program that does not return 0 crashes
/// its domain, and the last that it says is why (minios/kernel/start.cpp, minios/libc/signals.cpp).
int exit_status(const ConsoleEnd& end, const std::string& last_words) {
    constexpr int by_abort = 134, by_kill = 137;
    if (!end.ended || end.how == "powered off" || end.how == "rebooted") return 0;
    if (end.how != "crashed") return by_kill;
    if (const auto status = number_behind(last_words, ": exit status ")) return *status & 0xff;
    if (const auto signal = number_behind(last_words, "ended by signal ")) return 128 + (*signal & 0x7f);
    return by_abort;
}

/// Shows what the program writes and passes on what is typed, until it ends.
void attend(Session& session, json::Value result, bool piped, bool unpause) {
    constexpr std::size_t most_last_words = 4096;
    std::string said;
    Look look;
    look.unpause = unpause;
    look.to_the_end = piped;
    look.without_returns = session.json || ::isatty(STDOUT_FILENO) != 1;
    look.notes = !session.json;
    look.output = [&](const std::string& bytes) {
        if (!session.json) print(bytes);
        said += bytes;
        if (!session.json && said.size() > 2 * most_last_words) said.erase(0, said.size() - most_last_words);
    };
    const std::string last = "\n"; // a status stands in the last line
    const ConsoleEnd end = attach(session, result.integer_or("id", -1), look);
    const std::size_t line = said.rfind(last, said.find_last_not_of("\r\n"));
    session.status = exit_status(end, line == std::string::npos ? said : said.substr(line));
    if (!session.json) return;
    result["how"] = end.how;
    result["status"] = session.status;
    result["output"] = said;
    print(json::write(result, true) + "\n");
}

} // namespace

void run(Session& session, const RunOptions& options) {
    const bool piped = !options.detach && ::isatty(STDIN_FILENO) != 1;
    json::Value params;
    params["name"] = name_of(options);
    params["cmdline"] = command_line(options, piped);
    params["memory_kib"] = parse_memory(options.memory);
    params["vcpus"] = options.vcpus;
    params["on_crash"] = options.on_crash;
    params["paused"] = options.paused || !options.detach; // nothing that it says is to be missed
    std::vector<std::string> uploaded;
    params["kernel"] = image_of(session, options.image, uploaded);
    if (!options.files.empty()) params["ramdisk"] = image_of(session, options.files, uploaded);
    const json::Value result = create_guest(session, std::move(params), uploaded);
    if (options.detach) return show_created(session, result);
    try {
        attend(session, result, piped, !options.paused);
    } catch (const protocol::CallError&) {
        destroy_quietly(session, result.integer_or("id", -1));
        throw;
    }
}

} // namespace skerry::cli
