// SPDX-License-Identifier: MIT
#include "boot/options.h"

#include <span>

namespace skerry {

constinit Options options;

namespace {

constexpr size_t max_word = 96;

bool equal(const char* a, const char* b) {
    for (; *a && *a == *b; ++a, ++b) {}
    return *a == *b;
}

// `text` after `prefix`, or nullptr.
const char* after(const char* text, const char* prefix) {
    for (; *prefix; ++text, ++prefix)
        if (*text != *prefix) return nullptr;
    return text;
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

bool parse_count(const char* text, uint32_t& count, uint32_t least, uint32_t most) {
    uint64_t value;
    if (!parse_number(text, value) || *text || value < least || value > most) return false;
    count = static_cast<uint32_t>(value);
    return true;
}

// SIZE with an optional k, M or G (KiB without one, as Xen has it); stops at a comma.
bool parse_size(const char*& text, uint64_t& bytes) {
    if (!parse_number(text, bytes)) return false;
    unsigned shift = 10;
    switch (*text) {
    case 'b':
    case 'B':
        shift = 0;
        ++text;
        break;
    case 'k':
    case 'K':
        shift = 10;
        ++text;
        break;
    case 'm':
    case 'M':
        shift = 20;
        ++text;
        break;
    case 'g':
    case 'G':
        shift = 30;
        ++text;
        break;
    case 't':
    case 'T':
        shift = 40;
        ++text;
        break;
    default: break;
    }
    if (bytes >> (64 - shift - 1) >> 1 && shift) return false;
    bytes <<= shift;
    return *text == 0 || *text == ',';
}

// dom0_mem=SIZE,min:SIZE,max:SIZE in any order. The minimum is implied: a first domain that does not fit is an error
// anyway.
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

bool parse_level(const char* text, LogLevel& level) {
    static constexpr struct {
        const char* name;
        LogLevel level;
    } names[] = {{"none", LogLevel::error}, {"error", LogLevel::error}, {"warning", LogLevel::warning},
                 {"info", LogLevel::info},  {"debug", LogLevel::debug}, {"all", LogLevel::debug}};
    for (auto& known : names) {
        const char* rest = after(text, known.name);
        if (rest && (!*rest || *rest == '/')) { // Xen's "level/rate-limited level": the first counts
            level = known.level;
            return true;
        }
    }
    return false;
}

// The last of a comma-separated list wins; a VGA screen is not supported and silently left alone.
bool parse_console(const char* text, Options& o) {
    if (after(text, "com1"))
        o.uart.port = 0x3f8;
    else if (after(text, "com2"))
        o.uart.port = 0x2f8;
    else if (equal(text, "none") || equal(text, "vga"))
        o.uart.port = 0;
    else
        return after(text, "vga,") && parse_console(text + 4, o);
    return true;
}

// BAUD[,8n1[,PORT...]]: other framings than 8n1 are refused.
bool parse_baud(const char* text, Options& o) {
    if (after(text, "auto")) {
        o.uart.baud = 0;
        return true;
    }
    uint64_t baud;
    if (!parse_number(text, baud) || !baud || 115200 % baud) return false;
    o.uart.baud = static_cast<uint32_t>(baud);
    return !*text || after(text, "/") || after(text, ",8n1");
}

// NAME, no-NAME, NAME=0|1|no|yes|off|on|false|true
bool parse_switch(const char* word, const char* name, bool& value) {
    const char* negated = after(word, "no-");
    const char* rest = after(negated ? negated : word, name);
    if (!rest) return false;
    if (!*rest) {
        value = !negated;
        return true;
    }
    if (negated || *rest++ != '=') return false;
    bool yes = equal(rest, "1") || equal(rest, "yes") || equal(rest, "on") || equal(rest, "true");
    bool no = equal(rest, "0") || equal(rest, "no") || equal(rest, "off") || equal(rest, "false");
    value = yes;
    return yes || no;
}

// Options of Xen that boot loaders' scripts pass and that have nothing to act on here.
bool is_harmless(const char* word) {
    for (const char* known :
         {"placeholder", "no-real-mode", "edd=off", "sync_console", "sched=credit2", "sched=credit"})
        if (equal(word, known)) return true;
    return false;
}

bool parse_word(const char* word, Options& o) {
    if (const char* value = after(word, "dom0_mem=")) return parse_memory(value, o);
    if (const char* value = after(word, "dom0_max_vcpus=")) return parse_count(value, o.first_domain_vcpus, 1, 128);
    if (const char* value = after(word, "console=")) return parse_console(value, o);
    if (const char* value = after(word, "com1=")) return o.uart.port == 0x3f8 ? parse_baud(value, o) : true;
    if (const char* value = after(word, "com2=")) return o.uart.port == 0x2f8 ? parse_baud(value, o) : true;
    if (const char* value = after(word, "loglvl=")) return parse_level(value, o.log_level);
    if (const char* value = after(word, "guest_loglvl=")) return parse_level(value, o.guest_log_level);
    if (const char* value = after(word, "maxcpus=")) return parse_count(value, o.max_cpus, 1, 256);
    if (equal(word, "nosmp")) {
        o.max_cpus = 1;
        return true;
    }
    return parse_switch(word, "noreboot", o.no_reboot) ||
           parse_switch(word, "reboot-after-panic", o.reboot_after_panic) || parse_switch(word, "smap", o.smap) ||
           parse_switch(word, "x2apic", o.x2apic) || parse_switch(word, "tsc-deadline", o.tsc_deadline) ||
           is_harmless(word);
}

} // namespace

Options parse_options(const char* command_line, void (*unknown)(const char* word)) {
    Options result;
    while (*command_line) {
        if (*command_line == ' ' || *command_line == '\t') {
            ++command_line;
            continue;
        }
        char word[max_word];
        size_t length = 0;
        for (; *command_line && *command_line != ' ' && *command_line != '\t'; ++command_line)
            if (length < max_word - 1) word[length++] = *command_line;
        word[length] = 0;
        if (equal(word, "--")) // what follows is not ours
            break;
        if (!parse_word(word, result)) unknown(word);
    }
    return result;
}

} // namespace skerry
