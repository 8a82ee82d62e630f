// SPDX-License-Identifier: MIT
#include "boot/options.h"

#include <algorithm>

namespace skerry {

namespace {

constexpr size_t max_word = 96;

// `text` after `prefix`, or nullptr.
const char* after(const char* text, const char* prefix) {
    for (; *prefix; ++text, ++prefix)
        if (*text != *prefix) return nullptr;
    return text;
}

bool equal(const char* a, const char* b) {
    const char* rest = after(a, b);
    return rest && !*rest;
}

template <size_t n> bool is_one_of(const char* text, const char* const (&words)[n]) {
    return std::ranges::any_of(words, [&](const char* word) { return equal(text, word); });
}

// A decimal number and what follows it. False if there is none or it does not fit.
bool parse_number(const char*& text, uint64_t& value) {
    if (*text < '0' || *text > '9') return false;
    for (value = 0; *text >= '0' && *text <= '9'; ++text)
        if (__builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, static_cast<unsigned>(*text - '0'), &value))
            return false;
    return true;
}

// One of some words, and what follows it: no small letter (Xen's com1H; com1,vga; info/all).
template <typename T> struct Choice {
    const char* word;
    T value;
};
template <typename T, size_t n> bool parse_choice(const char*& text, const Choice<T> (&choices)[n], T& value) {
    for (auto [word, meaning] : choices) {
        const char* rest = after(text, word);
        if (!rest || (*rest >= 'a' && *rest <= 'z')) continue;
        value = meaning;
        text = rest;
        return true;
    }
    return false;
}

// SIZE with an optional unit (KiB without one, as Xen has it); stops at a comma.
bool parse_size(const char*& text, uint64_t& bytes) {
    static constexpr Choice<unsigned> units[] = {{"b", 0},  {"B", 0},  {"k", 10}, {"K", 10}, {"m", 20},
                                                 {"M", 20}, {"g", 30}, {"G", 30}, {"t", 40}, {"T", 40}};
    unsigned shift = 10;
    if (!parse_number(text, bytes)) return false;
    parse_choice(text, units, shift);
    if (bytes > ~uint64_t{0} >> shift) return false;
    bytes <<= shift;
    return *text == 0 || *text == ',';
}

// --- values: what follows NAME= ---

template <auto member, uint32_t most> bool parse_count(const char* text, Options& o) {
    uint64_t value;
    if (!parse_number(text, value) || *text || value < 1 || value > most) return false;
    o.*member = static_cast<uint32_t>(value);
    return true;
}

// SIZE,min:SIZE,max:SIZE in any order. The minimum is implied: a first domain that does not fit is an error anyway.
bool parse_memory(const char* text, Options& o) {
    for (;;) {
        uint64_t size;
        const char* maximum = after(text, "max:");
        const char* minimum = after(text, "min:");
        text = maximum ? maximum : minimum ? minimum : text;
        if (!parse_size(text, size)) return false;
        if (maximum)
            o.first_domain_max_memory = size;
        else if (!minimum)
            o.first_domain_memory = size;
        if (!*text++) return true;
    }
}

template <auto member> bool parse_level(const char* text, Options& o) {
    static constexpr Choice<LogLevel> levels[] = {{"none", LogLevel::error},      {"error", LogLevel::error},
                                                  {"warning", LogLevel::warning}, {"info", LogLevel::info},
                                                  {"debug", LogLevel::debug},     {"all", LogLevel::debug}};
    return parse_choice(text, levels, o.*member);
}

// A VGA screen is not supported and silently left alone.
bool parse_console(const char* text, Options& o) {
    static constexpr Choice<uint16_t> ports[] = {{"com1", com1_port}, {"com2", com2_port}, {"none", 0}, {"vga", 0}};
    if (const char* beside_vga = after(text, "vga,")) text = beside_vga;
    return parse_choice(text, ports, o.uart_port);
}

// BAUD[,8n1[,PORT...]]: other framings than 8n1 are refused. Of the port that is the console.
template <uint16_t port> bool parse_baud(const char* text, Options& o) {
    uint64_t baud = 0;
    if (o.uart_port != port) return true;
    bool is_auto = after(text, "auto");
    if (!is_auto && (!parse_number(text, baud) || !baud || 115200 % baud)) return false;
    o.uart_baud = static_cast<uint32_t>(baud);
    return is_auto || !*text || after(text, "/") || after(text, ",8n1");
}

constexpr std::pair<const char*, bool (*)(const char* value, Options&)> values[] = {
    {"dom0_mem=", parse_memory},
    {"dom0_max_vcpus=", parse_count<&Options::first_domain_vcpus, 128>},
    {"console=", parse_console},
    {"com1=", parse_baud<com1_port>},
    {"com2=", parse_baud<com2_port>},
    {"loglvl=", parse_level<&Options::log_level>},
    {"guest_loglvl=", parse_level<&Options::guest_log_level>},
    {"maxcpus=", parse_count<&Options::max_cpus, 256>},
};

// NAME, no-NAME, NAME=0|1|no|yes|off|on|false|true
constexpr std::pair<const char*, bool Options::*> switches[] = {
    {"noreboot", &Options::no_reboot},
    {"reboot-after-panic", &Options::reboot_after_panic},
    {"smap", &Options::smap},
    {"x2apic", &Options::x2apic},
    {"tsc-deadline", &Options::tsc_deadline},
};

// Options of Xen that boot loaders' scripts pass and that have nothing to act on here.
constexpr const char* harmless[] = {"placeholder",  "no-real-mode",  "edd=off",
                                    "sync_console", "sched=credit2", "sched=credit"};

// `rest` is what follows the name.
bool parse_switch(const char* rest, bool negated, bool& value) {
    bool yes = !*rest || is_one_of(rest, {"=1", "=yes", "=on", "=true"});
    bool no = is_one_of(rest, {"=0", "=no", "=off", "=false"});
    bool valid = negated ? !*rest : yes || no;
    if (valid) value = yes && !negated;
    return valid;
}

bool parse_word(const char* word, Options& o) {
    for (auto [name, parse] : values)
        if (const char* value = after(word, name)) return parse(value, o);
    const char* negated = after(word, "no-");
    for (auto [name, value] : switches)
        if (const char* rest = after(negated ? negated : word, name)) return parse_switch(rest, negated, o.*value);
    if (equal(word, "nosmp")) o.max_cpus = 1;
    return equal(word, "nosmp") || is_one_of(word, harmless);
}

} // namespace

Options parse_options(const char* command_line, void (*unknown)(const char* word)) {
    auto is_space = [](char c) { return c == ' ' || c == '\t'; };
    Options result;
    for (;;) {
        while (is_space(*command_line)) ++command_line;
        char word[max_word];
        size_t length = 0;
        for (; *command_line && !is_space(*command_line); ++command_line)
            if (length < max_word - 1) word[length++] = *command_line;
        word[length] = 0;
        if (equal(word, "--")) {
            while (is_space(*command_line)) ++command_line;
            result.first_domain_arguments = command_line;
        }
        if (!length || equal(word, "--")) return result;
        if (!parse_word(word, result)) unknown(word);
    }
}

} // namespace skerry
