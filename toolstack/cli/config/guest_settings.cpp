// SPDX-License-Identifier: MIT
#include "toolstack/cli/config/guest_settings.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <optional>

namespace skerry::cli {
namespace {

struct Reason {
    std::string_view key, why;
};
constexpr std::string_view no_devices = "there are no such devices yet",
                           hvm_only = "only for HVM guests, which do not exist yet",
                           no_bootloader = "a guest's own disk cannot be booted from yet: name a kernel";
/// Settings of xl.cfg(5) that are known here, and why they cannot be had. Those of devices may be empty lists.
constexpr Reason not_there[] = {
    {"disk", "there are no block devices yet"},
    {"vif", "there is no network yet"},
    {"vfb", no_devices},
    {"vkb", no_devices},
    {"vtpm", no_devices},
    {"p9", no_devices},
    {"pvcalls", no_devices},
    {"channel", no_devices},
    {"vdispl", no_devices},
    {"vsnd", no_devices},
    {"usbctrl", no_devices},
    {"usbdev", no_devices},
    {"virtio", no_devices},
    {"pci", "PCI devices cannot be given to guests yet"},
    {"rdm", "PCI devices cannot be given to guests yet"},
    {"irqs", "hardware is given by the platform description only"},
    {"ioports", "hardware is given by the platform description only"},
    {"iomem", "hardware is given by the platform description only"},
    {"dtdev", "there are no device trees on this processor"},
    {"device_tree", "there are no device trees on this processor"},
    {"bootloader", no_bootloader},
    {"bootloader_args", no_bootloader},
    {"pool", "there are no CPU pools"},
    {"uuid", "a guest's UUID is made when it is created"},
    {"vnuma", "there is no NUMA"},
    {"seclabel", "there are no XSM labels"},
    {"init_seclabel", "there are no XSM labels"},
    {"on_soft_reset", "soft resets count as crashes"},
    {"e820_host", "PCI devices cannot be given to guests yet"},
    {"driver_domain", "there are no driver domains of guests"},
    {"nomigrate", "there is no migration yet"},
    {"passthrough", "there is no IOMMU yet"},
    {"max_grant_frames", "the limit is the platform's"},
    {"max_maptrack_frames", "the limit is the platform's"},
    {"max_grant_version", "the limit is the platform's"},
    {"event_channels", "the limit is the platform's"},
    {"vuart", "there is no such device on this processor"},
    {"localtime", "a guest's clock is UTC"},
    {"rtc_timeoffset", "a guest's clock is UTC"},
    {"tsc_mode", "a guest reads the processor's own TSC"},
    {"cpuid", "a guest's processor cannot be changed"},
    {"vmtrace_buf_kb", "there is no such trace"},
    {"boot", hvm_only},
    {"hap", hvm_only},
    {"nestedhvm", hvm_only},
    {"acpi", hvm_only},
    {"apic", hvm_only},
    {"pae", hvm_only},
    {"nx", hvm_only},
    {"viridian", hvm_only},
    {"firmware", hvm_only},
    {"bios", hvm_only},
    {"device_model_version", hvm_only},
    {"device_model_override", hvm_only},
    {"vnc", hvm_only},
    {"vnclisten", hvm_only},
    {"sdl", hvm_only},
    {"serial", hvm_only},
    {"usb", hvm_only},
    {"usbdevice", hvm_only},
    {"videoram", hvm_only},
    {"vga", hvm_only},
    {"stdvga", hvm_only},
    {"shadow_memory", hvm_only},
    {"timer_mode", hvm_only},
    {"hpet", hvm_only},
    {"pvshim", hvm_only},
};
constexpr std::string_view end_actions[] = {"destroy", "restart", "preserve"};
constexpr std::string_view other_end_actions[] = {"rename-restart", "coredump-destroy", "coredump-restart",
                                                  "soft-reset"};

class Reader {
  public:
    explicit Reader(const Config& config) : config_(config) {}

    GuestSettings read() {
        text("name", [&](const std::string& value) { result_.params["name"] = value; });
        image("kernel", result_.kernel);
        image("ramdisk", result_.ramdisk);
        command_line();
        number("memory", 1, most_mib, [&](std::int64_t mib) { result_.params["memory_kib"] = mib * 1024; });
        number("maxmem", 1, most_mib, [&](std::int64_t mib) { result_.params["max_memory_kib"] = mib * 1024; });
        number("vcpus", 1, 32, [&](std::int64_t count) { result_.params["vcpus"] = count; });
        number("maxvcpus", 1, 32, [&](std::int64_t count) { max_vcpus(count); });
        cpus("cpus");
        cpus("cpus_soft");
        number("cpu_weight", 1, 65535, [&](std::int64_t weight) { result_.params["weight"] = weight; });
        number("cap", 0, 3200, [&](std::int64_t cap) { result_.params["cap"] = cap; });
        for (const char* key : {"on_poweroff", "on_reboot", "on_watchdog", "on_crash"}) end_action(key);
        kind();
        rest();
        require("name");
        require("kernel");
        require("memory");
        std::stable_sort(result_.problems.begin(), result_.problems.end(),
                         [](const ConfigProblem& a, const ConfigProblem& b) { return a.line < b.line; });
        return std::move(result_);
    }

  private:
    static constexpr std::int64_t most_mib = std::int64_t{1} << 22;

    void problem(unsigned line, std::string text) { result_.problems.push_back({line, std::move(text)}); }
    const Setting* take(std::string_view key) {
        known_.push_back(key);
        return config_.find(key);
    }
    void require(const char* key) {
        if (config_.find(key) == nullptr) problem(0, "`" + std::string(key) + "` is missing");
    }

    void text(std::string_view key, const std::function<void(const std::string&)>& use) {
        const Setting* setting = take(key);
        if (setting == nullptr) return;
        if (setting->value.is_list)
            problem(setting->line, "`" + std::string(key) + "` is to be a string");
        else
            use(setting->value.text);
    }

    void number(std::string_view key, std::int64_t least, std::int64_t most,
                const std::function<void(std::int64_t)>& use) {
        const Setting* setting = take(key);
        if (setting == nullptr) return;
        const std::string& text = setting->value.text;
        char* end = nullptr;
        errno = 0;
        const long long value = std::strtoll(text.c_str(), &end, 0); // base 0, as xl does
        if (setting->value.is_list || text.empty() || *end != '\0' || errno != 0)
            problem(setting->line, "`" + std::string(key) + "` is to be a number");
        else if (value < least || value > most)
            problem(setting->line, "`" + std::string(key) + "` is " + text + ", not between " + std::to_string(least) +
                                       " and " + std::to_string(most));
        else
            use(value);
    }

    void image(std::string_view key, ImageSource& source) {
        text(key, [&](const std::string& value) {
            source.line = config_.find(key)->line;
            if (value.starts_with("image:"))
                source.image = value.substr(6);
            else
                source.file = value;
            if (!source.given()) problem(source.line, "`" + std::string(key) + "` is empty");
        });
    }

    /// As xl composes it: `cmdline`, or `root` and `extra`.
    void command_line() {
        std::string line;
        text("root", [&](const std::string& value) { line = "root=" + value; });
        text("extra", [&](const std::string& value) { line += (line.empty() ? "" : " ") + value; });
        text("cmdline", [&](const std::string& value) {
            for (const char* other : {"root", "extra"})
                if (const Setting* setting = config_.find(other))
                    problem(setting->line,
                            "`" + std::string(other) + "` beside `cmdline`, which is the whole command line");
            line = value;
        });
        result_.params["cmdline"] = line;
    }

    void max_vcpus(std::int64_t count) {
        result_.params["max_vcpus"] = count;
        if (count < result_.params.integer_or("vcpus", 1))
            problem(config_.find("maxvcpus")->line, "`maxvcpus` is less than `vcpus`");
    }

    void cpus(std::string_view key) {
        const Setting* setting = take(key);
        if (setting == nullptr) return;
        if (!setting->value.is_list) {
            result_.params[key] = setting->value.text;
            return;
        }
        json::Array sets;
        for (const ConfigValue& element : setting->value.elements) {
            if (element.is_list) return problem(element.line, "`" + std::string(key) + "` is to be a list of strings");
            sets.emplace_back(element.text);
        }
        // One CPU for each vCPU; vCPUs beyond the list run anywhere.
        const auto vcpus =
            static_cast<std::size_t>(result_.params.integer_or("max_vcpus", result_.params.integer_or("vcpus", 1)));
        if (sets.size() > vcpus) sets.resize(vcpus);
        while (!sets.empty() && sets.size() < vcpus) sets.emplace_back("all");
        if (!sets.empty()) result_.params[key] = std::move(sets);
    }

    void end_action(const char* key) {
        text(key, [&](const std::string& value) {
            const unsigned line = config_.find(key)->line;
            if (std::find(std::begin(end_actions), std::end(end_actions), value) != std::end(end_actions))
                result_.params[key] = value;
            else if (std::find(std::begin(other_end_actions), std::end(other_end_actions), value) !=
                     std::end(other_end_actions))
                problem(line, "`" + std::string(key) + "`: `" + value + "` is not supported");
            else
                problem(line, "`" + std::string(key) + "` is `" + value + "`, not destroy, restart or preserve");
        });
    }

    void kind() {
        text("type", [&](const std::string& value) {
            const unsigned line = config_.find("type")->line;
            if (value == "hvm" || value == "pvh")
                problem(line, "`type`: `" + value + "` guests do not exist yet, only `pv`");
            else if (value != "pv")
                problem(line, "`type` is `" + value + "`, not pv, pvh or hvm");
        });
        text("builder", [&](const std::string& value) { // the old way to say it
            if (value != "generic" && value != "linux")
                problem(config_.find("builder")->line,
                        "`builder`: `" + value + "` guests do not exist yet, only `generic`");
        });
    }

    void rest() {
        for (const Setting& setting : config_.settings) {
            if (std::find(known_.begin(), known_.end(), setting.key) != known_.end()) continue;
            const auto reason = std::find_if(std::begin(not_there), std::end(not_there),
                                             [&](const Reason& each) { return each.key == setting.key; });
            if (reason == std::end(not_there))
                problem(setting.line, "`" + setting.key + "` is unknown");
            else if (!setting.value.is_list || !setting.value.elements.empty())
                problem(setting.line, "`" + setting.key + "`: " + std::string(reason->why));
        }
    }

    const Config& config_;
    GuestSettings result_;
    std::vector<std::string_view> known_;
};

} // namespace

GuestSettings read_guest_settings(const Config& config) { return Reader(config).read(); }

} // namespace skerry::cli
