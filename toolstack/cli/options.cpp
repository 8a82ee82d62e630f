// SPDX-License-Identifier: MIT
#include "toolstack/cli/options.h"

#include "toolstack/cli/broker.h"
#include "toolstack/cli/commands/commands.h"
#include "toolstack/cli/terminal.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <csignal>
#include <iostream>
#include <system_error>

namespace skerry::cli {
namespace {

enum ExitStatus { done = 0, failed = 1, wrong_usage = 2, unreachable = 3 };

Broker* running_broker = nullptr;

void run_broker(const std::string& serial, const std::string& listen) {
    Broker broker(serial, listen);
    running_broker = &broker;
    std::signal(SIGTERM, [](int) { running_broker->stop(); });
    std::signal(SIGINT, [](int) { running_broker->stop(); });
    broker.run();
}

/// All options' places, and the commands that use them.
class CommandLine {
  public:
    CommandLine() {
        app_.require_subcommand(1);
        app_.fallthrough(false);
        app_.set_version_flag("--version", "skerry 0.4");
        app_.add_option("--socket", session_.socket, "the platform's socket (SKERRY_SOCKET; build/run/skerry.sock)")
            ->envname("SKERRY_SOCKET");
        app_.add_option("--patience", patience_, "seconds to wait for the platform to answer at all")
            ->check(CLI::Range(0, 3600));
        session_.socket = "build/run/skerry.sock";
        add_common(&app_);
        look();
        begin();
        change();
        end();
        images();
        others();
    }

    int run(int count, char** words) {
        try {
            app_.parse(count, words);
        } catch (const CLI::Success& success) { return app_.exit(success); } catch (const CLI::ParseError& error) {
            const std::string message = unknown_command(count, words).value_or(error.what());
            if (!asks_for_json(count, words))
                std::cerr << "skerry: " << message << "\nRun with --help for more information.\n";
            return session_.json ? fail("bad-request", message, wrong_usage) : wrong_usage;
        }
        return act();
    }

  private:
    /// Before the command or behind it: xl's users write both.
    void add_common(CLI::App* app) {
        app->add_flag("--json", session_.json, "results, and errors, as JSON");
        app->add_flag("-q,--quiet", session_.quiet, "no progress on the terminal");
    }
    /// What the parser finds missing then.
    std::optional<std::string> unknown_command(int count, char** words) const {
        for (int i = 1; i < count; ++i) {
            const std::string word = words[i];
            if (word == "--socket" || word == "--patience") ++i;
            if (word.starts_with('-') || i == count) continue;
            const auto known = app_.get_subcommands([&](const CLI::App* each) { return each->get_name() == word; });
            return known.empty() ? std::optional("there is no command `" + word + "`") : std::nullopt;
        }
        return std::nullopt;
    }
    /// Also where the rest is not understood.
    bool asks_for_json(int count, char** words) {
        session_.json =
            std::any_of(words, words + count, [](const char* word) { return std::string_view(word) == "--json"; });
        return session_.json;
    }

    /// `arguments`: their kinds, for completion.
    CLI::App* command(const char* name, const char* help, std::function<void()> action,
                      std::vector<std::string> arguments = {}) {
        CLI::App* added = app_.add_subcommand(name, help);
        add_common(added);
        added->callback([this, action = std::move(action)] { action_ = action; });
        arguments_[name] = std::move(arguments);
        return added;
    }
    CLI::App* about_domain(const char* name, const char* help, std::function<void()> action, bool required = true) {
        CLI::App* added = command(name, help, std::move(action), {"domain"});
        CLI::Option* option = added->add_option("domain", domain_, "its name, or its number");
        if (required) option->required();
        return added;
    }

    void look() {
        about_domain(
            "list", "the domains", [this] { list(session_, domain_); }, false);
        CLI::App* added = command("top", "the domains, live; Ctrl-C leaves", [this] { top(session_, top_); });
        added->add_option("-d,--delay", top_.delay_s, "seconds between two looks (3)")->check(CLI::Range(0.1, 3600.0));
        added->add_option("-i,--iterations", top_.iterations, "end after so many");
        about_domain(
            "info", "about the machine, or one domain", [this] { info(session_, domain_); }, false);
        command("dmesg", "the hypervisor's log", [this] { dmesg(session_); });
        added = about_domain(
            "log", "a guest's console log; without a name, what happened to guests",
            [this] { log(session_, domain_, lines_); }, false);
        added->add_option("-n,--lines", lines_, "the last so many (100)")->check(CLI::Range(1, 100000));
        about_domain(
            "rights", "what authority domains have", [this] { rights(session_, domain_); }, false);
        about_domain("trust", "which domains a guest depends on", [this] { trust(session_, domain_); });
        about_domain(
            "vcpu-list", "virtual processors, and where they may run", [this] { vcpu_list(session_, domain_); }, false);
    }

    void begin() {
        CLI::App* added = command("create", "creates a guest from a configuration file of xl",
                                  [this] { create(session_, create_); }, {"file"});
        added->add_option("file", create_.file, "the configuration (xl.cfg)")->required();
        added->add_option("setting", create_.overrides, "name=value, as in the file; takes precedence");
        added->add_flag("-p,--paused", create_.paused, "leaves it paused");
        added->add_flag("-c,--console", create_.console, "attaches to its console");
        added->add_flag("-n,--dry-run", create_.dry_run, "shows what would be asked for, and does nothing");
        added = command("run", "runs a program, built with the SDK, as a domain", [this] { cli::run(session_, run_); },
                        {"file", "file", "file", "file"});
        added->add_option("--name", run_.name, "the domain's name (the file's)");
        added->add_option("-m,--memory", run_.memory, "its memory (32m)");
        added->add_option("--vcpus", run_.vcpus, "its vCPUs (1)")->check(CLI::Range(1, 32));
        added->add_option("-e,--env", run_.environment, "NAME=VALUE in its environment; repeated")
            ->allow_extra_args(false);
        added->add_option("--files", run_.files, "a cpio archive, which it finds at /files");
        added->add_option("--on-crash", run_.on_crash, "destroy, restart or preserve");
        added->add_flag("-p,--paused", run_.paused, "leaves it paused");
        added->add_flag("-d,--detach", run_.detach,
                        "leaves it alone: its console is not shown, nor waited for its end");
        added->add_option("image", run_.image, "the program, or image:NAME; its arguments follow")->required();
        added->prefix_command(); // what stands behind the image is the program's, whatever it begins with
        added->callback([this, added] {
            run_.arguments = added->remaining();
            if (!run_.arguments.empty() && run_.arguments.front() == "--") run_.arguments.erase(run_.arguments.begin());
            action_ = [this] { cli::run(session_, run_); };
        });
        about_domain("console", "a domain's console; Ctrl-] leaves", [this] { console(session_, domain_); });
        about_domain("keyboard", "gives a domain the keyboard of the platform's first serial line",
                     [this] { keyboard(session_, domain_); });
    }

    void change() {
        about_domain("pause", "stops a domain for a while",
                     [this] { simple(session_, "pause", domain_, "is paused"); });
        about_domain("unpause", "lets a domain go on", [this] { simple(session_, "unpause", domain_, "goes on"); });
        CLI::App* added =
            about_domain("rename", "gives a guest another name", [this] { rename(session_, domain_, name_); });
        added->add_option("name", name_, "the new name")->required();
        added = about_domain("vcpu-pin", "where a virtual processor may run", [this] {
            pin_.domain = domain_;
            vcpu_pin(session_, pin_);
        });
        added->add_option("vcpu", pin_.vcpu, "its number, or all")->required();
        added->add_option("hard", pin_.hard, "the CPUs it may run on: 0-3,^2 or all; - leaves them")->required();
        added->add_option("soft", pin_.soft, "the CPUs it prefers");
        added = about_domain("vcpu-set", "how many virtual processors a guest uses",
                             [this] { vcpu_set(session_, domain_, count_); });
        added->add_option("count", count_, "so many")->required()->check(CLI::Range(1, 32));
        added = command("sched", "shows or sets weight and cap", [this] {
            if (weight_ > 0) sched_.weight = static_cast<unsigned>(weight_);
            if (cap_ >= 0) sched_.cap = static_cast<unsigned>(cap_);
            sched(session_, sched_);
        });
        added->add_option("-d,--domain", sched_.domain, "one domain only");
        added->add_option("-w,--weight", weight_, "its share against the others (256)")
            ->check(CLI::Range(1, 65535))
            ->needs("-d");
        added->add_option("-c,--cap", cap_, "percent of one CPU at most; 0: no cap")
            ->check(CLI::Range(0, 12800))
            ->needs("-d");
        added = about_domain("mem-set", "how much memory a guest shall have",
                             [this] { mem_set(session_, domain_, memory_); });
        added->add_option("memory", memory_, "512m, 2g")->required();
    }

    void end() {
        for (const bool reboots : {false, true}) {
            CLI::App* added =
                about_domain(reboots ? "reboot" : "shutdown",
                             reboots ? "asks a guest to start again" : "asks a guest to end", [this, reboots] {
                                 end_.domain = domain_;
                                 reboots ? reboot(session_, end_) : shutdown(session_, end_);
                             });
            added->add_flag("-w,--wait", end_.wait, "until it has ended");
            added->add_option("-t,--timeout", end_.timeout_s, "seconds to wait at most (60)");
        }
        about_domain("destroy", "ends a domain at once", [this] { simple(session_, "destroy", domain_, "destroyed"); });
        CLI::App* added = command("restart", "has a service of the platform built again",
                                  [this] { restart(session_, domain_); }, {"service"});
        added->add_option("service", domain_, "its name: console, xenstore, builder, toolstack")->required();
    }

    void images() {
        CLI::App* added =
            command("images", "kernels and ramdisks that the platform holds", [this] { cli::images(session_); });
        added->require_subcommand(0, 1);
        arguments_["images put"] = {"none", "file"};
        arguments_["images drop"] = {"image"};
        CLI::App* put = added->add_subcommand("put", "uploads a file");
        put->add_option("name", name_, "the image's name")->required();
        put->add_option("file", file_, "the file")->required();
        put->callback([this] { action_ = [this] { images_put(session_, name_, file_); }; });
        CLI::App* drop = added->add_subcommand("drop", "gives an image up");
        drop->add_option("name", name_, "the image's name")->required();
        drop->callback([this] { action_ = [this] { images_drop(session_, name_); }; });
        added->callback([this, put, drop] {
            if (!put->parsed() && !drop->parsed()) action_ = [this] { cli::images(session_); };
        });
    }

    void others() {
        command("version", "versions of command and toolstack", [this] { version(session_); });
        CLI::App* added = command("broker", "shares the platform's serial line among many terminals",
                                  [this] { run_broker(serial_, listen_); });
        added->add_option("--serial", serial_, "the socket that is the serial line")->required();
        added->add_option("--listen", listen_, "the socket for clients")->required();
        command("completion", "prints completion for bash: source <(skerry completion)",
                [this] { print(bash_completion(command_words())); });
    }

    static const char* kind_of(const std::string& option) {
        if (option == "--domain" || option == "-d") return "domain";
        if (option == "--on-crash") return "action";
        return option == "--files" || option == "--socket" || option == "--serial" ? "file" : "none";
    }
    CommandWords words_of(const CLI::App& command, const std::string& name) const {
        CommandWords words{name, {}, {}, {}};
        for (const CLI::App* sub : command.get_subcommands([](const CLI::App*) { return true; }))
            words.words.push_back(sub->get_name());
        for (const CLI::Option* option : command.get_options()) {
            for (const std::string& each : option->get_lnames()) words.words.push_back("--" + each);
            if (option->get_items_expected_max() == 0 || !option->nonpositional()) continue;
            for (const std::string& each : option->get_lnames())
                words.valued.push_back("--" + each + "=" + kind_of("--" + each));
            for (const std::string& each : option->get_snames())
                words.valued.push_back("-" + each + "=" + kind_of("--" + option->get_lnames().front()));
        }
        if (const auto found = arguments_.find(name); found != arguments_.end()) words.positions = found->second;
        return words;
    }
    std::vector<CommandWords> command_words() const {
        const auto all_of = [](const CLI::App& app) {
            return app.get_subcommands([](const CLI::App*) { return true; });
        };
        std::vector<CommandWords> all{words_of(app_, "")};
        for (const CLI::App* each : all_of(app_)) {
            all.push_back(words_of(*each, each->get_name()));
            for (const CLI::App* sub : all_of(*each))
                all.push_back(words_of(*sub, each->get_name() + " " + sub->get_name()));
        }
        return all;
    }

    int fail(const char* code, const std::string& message, ExitStatus status) const {
        if (session_.json) {
            json::Value value;
            value["error"]["code"] = code;
            value["error"]["message"] = message;
            print(json::write(value, true) + "\n");
        } else {
            std::cerr << "skerry: " << message << "\n";
        }
        return status;
    }

    int act() {
        session_.patience_ms = patience_ * 1000;
        try {
            action_();
            return session_.status;
        } catch (const protocol::CallError& error) {
            return fail(error.code.c_str(), error.what(), failed);
        } catch (const Unreachable& error) {
            return fail("unreachable", error.what(), unreachable);
        } catch (const CommandError& error) {
            return fail("bad-request", error.what(), failed);
        } catch (const std::invalid_argument& error) {
            return fail("bad-request", error.what(), wrong_usage);
        } catch (const std::exception& error) { return fail("internal", error.what(), failed); }
    }

    CLI::App app_{"Operates a Skerry platform."};
    Session session_;
    int patience_ = 15;
    std::function<void()> action_;
    std::map<std::string, std::vector<std::string>> arguments_;

    std::string domain_, name_, file_, memory_, serial_, listen_;
    unsigned lines_ = 100, count_ = 1;
    int weight_ = 0, cap_ = -1;
    TopOptions top_;
    CreateOptions create_;
    RunOptions run_;
    PinOptions pin_;
    SchedOptions sched_;
    EndOptions end_;
};

} // namespace

int run_command_line(int count, char** words) { return CommandLine().run(count, words); }

} // namespace skerry::cli
