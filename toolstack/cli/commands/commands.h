// SPDX-License-Identifier: MIT
// One function for each command; main.cpp reads the options. All throw protocol::CallError, Unreachable, or
// CommandError.
#pragma once

#include "toolstack/cli/session.h"

#include <optional>

namespace skerry::cli {

/// A command that failed on this side, with everything that is wrong already in lines.
struct CommandError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// show.cpp
void list(Session& session, const std::string& domain);
void info(Session& session, const std::string& domain);
void dmesg(Session& session);
void log(Session& session, const std::string& domain, unsigned lines);
void vcpu_list(Session& session, const std::string& domain);
void version(Session& session);
// top.cpp
struct TopOptions {
    double delay_s = 3;
    unsigned iterations = 0; ///< 0: until interrupted
};
void top(Session& session, const TopOptions& options);
// authority.cpp
void rights(Session& session, const std::string& domain);
void trust(Session& session, const std::string& domain);
// create.cpp
struct CreateOptions {
    std::string file;
    std::vector<std::string> overrides; ///< name=value, as in the file
    bool paused = false, console = false, dry_run = false;
};
void create(Session& session, const CreateOptions& options);
struct RunOptions {
    std::string image;
    std::vector<std::string> arguments, environment; ///< environment: NAME=VALUE
    std::string name, memory = "32m", files;
    unsigned vcpus = 1;
    bool paused = false, detach = false;
    std::string on_crash = "destroy";
};
/// Sets the session's status to the program's, unless it is left alone.
void run(Session& session, const RunOptions& options);
// life.cpp
struct EndOptions {
    std::string domain;
    bool wait = false;
    unsigned timeout_s = 60;
};
void simple(Session& session, const char* method, const std::string& domain, const char* done);
void shutdown(Session& session, const EndOptions& options);
void reboot(Session& session, const EndOptions& options);
void rename(Session& session, const std::string& domain, const std::string& name);
void restart(Session& session, const std::string& service);
// processors.cpp
struct PinOptions {
    std::string domain, vcpu = "all", hard, soft;
};
void vcpu_pin(Session& session, const PinOptions& options);
void vcpu_set(Session& session, const std::string& domain, unsigned count);
struct SchedOptions {
    std::string domain;
    std::optional<unsigned> weight, cap;
};
void sched(Session& session, const SchedOptions& options);
void mem_set(Session& session, const std::string& domain, const std::string& memory);
// console.cpp
void console(Session& session, const std::string& domain);
void keyboard(Session& session, const std::string& domain);
// images.cpp
void images(Session& session);
void images_put(Session& session, const std::string& name, const std::string& file);
void images_drop(Session& session, const std::string& name);
/// Uploads a file unless the platform has its content already; the image's name. `automatic`: it goes with its last
/// guest. Adds to `uploaded` what was new.
std::string upload(Session& session, const std::string& file, const std::string& name, bool automatic,
                   std::vector<std::string>* uploaded = nullptr);
// completion.cpp
struct CommandWords {
    std::string name;               ///< "list", "images put"; empty: what stands before a command
    std::vector<std::string> words; ///< commands and options
    /// Kinds of arguments, and of the values of options ("--domain=domain"): domain, service, image, file, action, or none.
    std::vector<std::string> positions, valued;
};
std::string bash_completion(const std::vector<CommandWords>& commands);

} // namespace skerry::cli
