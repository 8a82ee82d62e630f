// SPDX-License-Identifier: MIT
#include "services.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

namespace minios::net {

namespace {

constexpr Service best_known[] = {
    {"echo", "tcp", 7},     {"echo", "udp", 7},          {"discard", "tcp", 9},     {"discard", "udp", 9},
    {"ftp", "tcp", 21},     {"ssh", "tcp", 22},          {"telnet", "tcp", 23},     {"smtp", "tcp", 25},
    {"domain", "tcp", 53},  {"domain", "udp", 53},       {"bootps", "udp", 67},     {"bootpc", "udp", 68},
    {"tftp", "udp", 69},    {"http", "tcp", 80},         {"kerberos", "tcp", 88},   {"kerberos", "udp", 88},
    {"pop3", "tcp", 110},   {"sunrpc", "tcp", 111},      {"sunrpc", "udp", 111},    {"ntp", "udp", 123},
    {"imap2", "tcp", 143},  {"snmp", "udp", 161},        {"snmp-trap", "udp", 162}, {"ldap", "tcp", 389},
    {"https", "tcp", 443},  {"https", "udp", 443},       {"syslog", "udp", 514},    {"ldaps", "tcp", 636},
    {"imaps", "tcp", 993},  {"pop3s", "tcp", 995},       {"nfs", "tcp", 2049},      {"iscsi-target", "tcp", 3260},
    {"mysql", "tcp", 3306}, {"postgresql", "tcp", 5432}, {"redis", "tcp", 6379},    {"http-alt", "tcp", 8080},
};

/// "NAME PORT/PROTOCOL [OTHER NAME...] [# ...]": each name in turn.
template <class Wanted> bool find_in_line(char* line, Wanted wanted, Service& found) {
    line[strcspn(line, "#\n")] = 0;
    constexpr const char* blanks = " \t";
    char *rest = nullptr, *name = strtok_r(line, blanks, &rest), *port = strtok_r(nullptr, blanks, &rest);
    char* protocol = port != nullptr ? strchr(port, '/') : nullptr;
    if (protocol == nullptr) return false;
    *protocol++ = 0;
    const long number = strtol(port, nullptr, 10);
    if (number < 0 || number > 0xffff || strlen(protocol) >= sizeof found.protocol) return false;
    for (; name != nullptr; name = strtok_r(nullptr, blanks, &rest)) {
        if (strlen(name) >= sizeof found.name) continue;
        strcpy(found.name, name);
        strcpy(found.protocol, protocol);
        found.port = static_cast<int>(number);
        if (wanted(found)) return true;
    }
    return false;
}

} // namespace

bool find_service(bool (*wanted)(const Service& service, void* context), void* context, Service& found) {
    FILE* file = fopen("/etc/services", "r");
    if (file == nullptr) {
        for (const Service& service : best_known) {
            if (!wanted(service, context)) continue;
            found = service;
            return true;
        }
        return false;
    }
    char line[256];
    bool is_there = false;
    while (!is_there && fgets(line, sizeof line, file) != nullptr)
        is_there = find_in_line(
            line, [=](const Service& service) { return wanted(service, context); }, found);
    fclose(file);
    return is_there;
}

namespace {

struct Question {
    const char* name; ///< nullptr: by port
    int port;
    const char* protocol; ///< nullptr: any
};

bool answers(const Service& service, void* context) {
    const Question& question = *static_cast<Question*>(context);
    return (question.protocol == nullptr || strcmp(service.protocol, question.protocol) == 0) &&
           (question.name != nullptr ? strcmp(service.name, question.name) == 0 : service.port == question.port);
}

struct servent* as_servent(Question question) {
    static Service found;
    static char* no_aliases[] = {nullptr};
    static struct servent entry;
    if (!find_service(answers, &question, found)) return nullptr;
    entry = {found.name, no_aliases, htons(static_cast<u16_t>(found.port)), found.protocol};
    return &entry;
}

} // namespace

int port_of(const char* service, const char* protocol, bool only_number) {
    char* end;
    const long number = strtol(service, &end, 10);
    if (service[0] != 0 && *end == 0) return number >= 0 && number <= 0xffff ? static_cast<int>(number) : -1;
    Service found;
    Question question{service, 0, protocol};
    return !only_number && find_service(answers, &question, found) ? found.port : -1;
}

} // namespace minios::net

extern "C" {

struct servent* getservbyname(const char* name, const char* protocol) {
    return minios::net::as_servent({name, 0, protocol});
}
struct servent* getservbyport(int port, const char* protocol) {
    return minios::net::as_servent({nullptr, ntohs(static_cast<u16_t>(port)), protocol});
}

} // extern "C"
