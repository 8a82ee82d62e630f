// SPDX-License-Identifier: MIT
#include "toolstack/cli/commands/commands.h"
#include "toolstack/cli/terminal.h"
#include "toolstack/cli/text.h"

#include <chrono>

namespace skerry::cli {
namespace {

json::Value only(const std::string& domain) {
    json::Value params;
    params["domain"] = domain_argument(domain);
    return params;
}

std::string head(const json::Value& result) {
    return harmless(result.text_or("name", "?")) + " (domain " + std::to_string(result.integer_or("id", -1)) + ")";
}

void show(Session& session, const json::Value& result, const std::string& done) {
    print(session.json ? json::write(result, true) + "\n" : head(result) + " " + done + "\n");
}

/// Ended, and left as it stopped. `action`: the key of what is to happen then, if it does not crash.
bool is_kept(const json::Value& info, const char* action) {
    const std::string state = info.text_or("state", "");
    const json::Value* config = info.find("config");
    return config != nullptr && state.find('s') != std::string::npos &&
           config->text_or(state.find('c') != std::string::npos ? "on_crash" : action, "") == "preserve";
}

/// Until the domain of that number is gone, or is kept as it ended.
void wait_for_end(Session& session, std::int64_t id, const char* action, unsigned timeout_s) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(timeout_s);
    bool has_ended = false;
    while (std::chrono::steady_clock::now() < deadline) {
        json::Value params;
        params["domain"] = id;
        try {
            const json::Value info = session.look("info", std::move(params));
            has_ended = info.text_or("state", "").find_first_of("sd") != std::string::npos;
            if (is_kept(info, action)) return;
        } catch (const protocol::CallError& error) {
            if (error.code == "not-found") return;
            throw;
        }
        (void)session.client().wait(-1, 200);
    }
    if (!has_ended)
        throw CommandError("domain " + std::to_string(id) + " took notice, but still runs after " +
                           std::to_string(timeout_s) + " s");
}

void ask(Session& session, const char* method, const EndOptions& options, const char* action, const char* done) {
    const json::Value result = session.client().call(method, only(options.domain));
    if (options.wait) wait_for_end(session, result.integer_or("id", -1), action, options.timeout_s);
    show(session, result, options.wait ? "has ended" : done);
}

} // namespace

void simple(Session& session, const char* method, const std::string& domain, const char* done) {
    const json::Value result = session.client().call(method, only(domain));
    const bool lingers = !result.bool_or("all_given_back", true);
    show(session, result, lingers ? std::string(done) + "; somebody still holds pages of it" : done);
}

void shutdown(Session& session, const EndOptions& options) {
    ask(session, "shutdown", options, "on_poweroff", "is shutting down");
}
void reboot(Session& session, const EndOptions& options) {
    ask(session, "reboot", options, "on_reboot", "is rebooting");
}

void rename(Session& session, const std::string& domain, const std::string& name) {
    json::Value params = only(domain);
    params["name"] = name;
    show(session, session.client().call("rename", std::move(params)), "renamed");
}

void restart(Session& session, const std::string& service) {
    using namespace std::chrono;
    json::Value result = session.client().call("restart", only(service));
    if (result.find("pause_ns") == nullptr) { // the toolstack's own: it answers before it goes
        const auto gone = steady_clock::now();
        (void)session.look("version", json::Object{});
        result["pause_ns"] = duration_cast<nanoseconds>(steady_clock::now() - gone).count();
    }
    const std::int64_t pause_ms = result.integer_or("pause_ns", 0) / 1'000'000;
    show(session, result, "is built again, after " + std::to_string(pause_ms) + " ms");
}

} // namespace skerry::cli
