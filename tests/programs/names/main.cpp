// SPDX-License-Identifier: MIT
// Names, addresses and services: /etc/hosts, /etc/services, and DNS against a server on a thread of this program, at 127.0.0.1, port 53.
#include "tests/programs/lib/check.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <netdb.h>
#include <set>
#include <string>
#include <sys/socket.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

void write_file(const char* path, const char* text) {
    FILE* file = fopen(path, "w");
    if (file == nullptr || fputs(text, file) < 0 || fclose(file) != 0) check(path, 0);
}

// --- a small DNS server -----------------------------------------------------------------------------------------------

enum Type : unsigned { type_a = 1, type_cname = 5, type_ptr = 12, type_aaaa = 28 };

std::string two(unsigned value) { return {static_cast<char>(value >> 8), static_cast<char>(value)}; }
std::string name_field(const std::string& name) {
    std::string field;
    for (size_t at = 0; at < name.size();) {
        const size_t end = std::min(name.find('.', at), name.size());
        field += static_cast<char>(end - at) + name.substr(at, end - at);
        at = end + 1;
    }
    return field + '\0';
}
std::string record(const std::string& name, unsigned type, const std::string& data) {
    return name_field(name) + two(type) + two(1) + two(0) + two(60) + two(static_cast<unsigned>(data.size())) + data;
}
const std::string localhost6 = std::string(15, '\0') + '\1';

int questions, tcp_questions;
bool tricks_seen;

/// What the server says about a name: the code and the records. "silent.test" it does not answer at all.
struct Reply {
    unsigned code = 0;
    std::vector<std::string> records{};
};
Reply reply_to(const std::string& name, unsigned type) {
    if (name == "a.test" && type == type_a)
        return {0, {record(name, type_a, {10, 0, 0, 1}), record(name, type_a, {10, 0, 0, 2})}};
    if (name == "a.test" && type == type_aaaa) return {0, {record(name, type_aaaa, localhost6)}};
    if (name == "alias.test" && type == type_a)
        return {0, {record(name, type_cname, name_field("a.test")), record("a.test", type_a, {10, 0, 0, 3})}};
    if (name == "big.test" && type == type_a) {
        Reply reply;
        for (char i = 0; i < 50; ++i) reply.records.push_back(record(name, type_a, {10, 0, 1, i}));
        return reply;
    }
    if (name == "1.0.0.10.in-addr.arpa" && type == type_ptr) return {0, {record(name, type_ptr, name_field("a.test"))}};
    if (name == "broken.test") return {2, {}};
    if (name == "a.test" || name == "alias.test" || name == "big.test") return {};
    return {3, {}};
}

/// The answer to a question; "": none. Over UDP an answer may be cut.
std::string answer_to(const std::string& question, bool udp) {
    ++questions;
    std::string name;
    size_t at = 12;
    while (at < question.size() && question[at] != 0) {
        name += (name.empty() ? "" : ".") + question.substr(at + 1, static_cast<size_t>(question[at]));
        at += static_cast<size_t>(question[at]) + 1;
    }
    const unsigned type = static_cast<unsigned char>(question[at + 2]);
    if (name == "silent.test") return "";
    const Reply reply = reply_to(name, type);
    std::string answers;
    for (const auto& entry : reply.records) answers += entry;
    const bool cut = udp && answers.size() > 400;
    return question.substr(0, 2) + two(0x8180u | reply.code | (cut ? 0x200u : 0)) + two(1) +
           two(cut ? 0 : static_cast<unsigned>(reply.records.size())) + two(0) + two(0) +
           question.substr(12, at + 5 - 12) + (cut ? "" : answers);
}

sockaddr_in at_loopback(unsigned short port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}
template <class Address> sockaddr* generic(Address& address) { return reinterpret_cast<sockaddr*>(&address); }

void serve_udp(int server) {
    char buffer[600];
    sockaddr_in from{};
    for (;;) {
        socklen_t length = sizeof from;
        const ssize_t size = recvfrom(server, buffer, sizeof buffer, 0, generic(from), &length);
        if (size < 17) continue;
        std::string answer = answer_to(std::string(buffer, static_cast<size_t>(size)), true);
        if (answer.empty()) continue;
        if (answer.find("\1a\4test") == 12 &&
            !tricks_seen) { // first what nobody may believe: nothing, too little, another number
            tricks_seen = true;
            std::string wrong = answer;
            wrong[0] ^= 1;
            sendto(server, "", 0, 0, generic(from), length);
            sendto(server, answer.data(), 11, 0, generic(from), length);
            sendto(server, wrong.data(), wrong.size(), 0, generic(from), length);
        }
        sendto(server, answer.data(), answer.size(), 0, generic(from), length);
    }
}

void serve_tcp(int listener) {
    for (;;) {
        const int connection = accept(listener, nullptr, nullptr);
        unsigned char size[2];
        char buffer[600];
        if (recv(connection, size, 2, MSG_WAITALL) == 2) {
            const ssize_t got = recv(connection, buffer, static_cast<size_t>(size[0] << 8 | size[1]), 0);
            ++tcp_questions;
            const std::string answer = answer_to(std::string(buffer, static_cast<size_t>(got)), false);
            const std::string message = two(static_cast<unsigned>(answer.size())) + answer;
            send(connection, message.data(), message.size(), 0);
        }
        close(connection);
    }
}

void start_server() {
    sockaddr_in address = at_loopback(53);
    const int udp = socket(AF_INET, SOCK_DGRAM, 0), tcp = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(udp, generic(address), sizeof address) == 0 && bind(tcp, generic(address), sizeof address) == 0 &&
          listen(tcp, 5) == 0);
    std::thread(serve_udp, udp).detach();
    std::thread(serve_tcp, tcp).detach();
}

// --- the checks -------------------------------------------------------------------------------------------------------

struct Result {
    int error;
    std::set<std::string> addresses{};
    std::string canonical{};
    int entries = 0, port = 0;
};
Result look_up(const char* name, const char* service, int family, int type, int flags = 0) {
    addrinfo hints{}, *list = nullptr;
    hints.ai_family = family;
    hints.ai_socktype = type;
    hints.ai_flags = flags;
    Result result{getaddrinfo(name, service, &hints, &list)};
    if (result.error != 0) return result;
    if (list->ai_canonname != nullptr) result.canonical = list->ai_canonname;
    for (const addrinfo* at = list; at != nullptr; at = at->ai_next) {
        char text[64];
        getnameinfo(at->ai_addr, at->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST);
        result.addresses.insert(text);
        result.port = ntohs(reinterpret_cast<sockaddr_in*>(at->ai_addr)->sin_port);
        ++result.entries;
    }
    freeaddrinfo(list);
    return result;
}
using Set = std::set<std::string>;

void without_a_server() {
    CHECK(look_up("127.0.0.5", "80", AF_UNSPEC, SOCK_STREAM).addresses == Set{"127.0.0.5"});
    CHECK(look_up("::1", nullptr, AF_UNSPEC, SOCK_DGRAM).addresses == Set{"::1"});
    CHECK(look_up(nullptr, "8080", AF_INET, SOCK_STREAM, AI_PASSIVE).addresses == Set{"0.0.0.0"});
    CHECK(look_up(nullptr, "8080", AF_UNSPEC, 0).entries == 4); // both families, TCP and UDP
    CHECK(look_up("localhost", "http", AF_INET, SOCK_STREAM).addresses == Set{"127.0.0.1"} &&
          look_up("localhost", "http", AF_INET, SOCK_STREAM).port == 80);
    CHECK(look_up("host.example", nullptr, AF_INET, SOCK_STREAM).error == EAI_AGAIN); // nobody to ask
    CHECK(look_up("localhost", "nothing", AF_INET, SOCK_STREAM).error == EAI_SERVICE);
    CHECK(look_up("localhost", "http", AF_INET, SOCK_STREAM, AI_NUMERICSERV).error == EAI_NONAME);
    CHECK(look_up("localhost", nullptr, AF_INET, SOCK_STREAM, AI_NUMERICHOST).error == EAI_NONAME);
    CHECK(look_up("::1", nullptr, AF_INET, SOCK_STREAM).error == EAI_FAMILY);
    CHECK(look_up("x", nullptr, 77, SOCK_STREAM).error == EAI_FAMILY);
    CHECK(look_up("x", nullptr, AF_INET, 77).error == EAI_SOCKTYPE);
    CHECK(look_up("x", nullptr, AF_INET, SOCK_STREAM, 0x1000).error == EAI_BADFLAGS);
    CHECK(look_up(nullptr, nullptr, AF_INET, SOCK_STREAM).error == EAI_NONAME);
}

void files() {
    mkdir("/etc", 0755);
    write_file("/etc/hosts", "# ours\n192.0.2.7 printer printer.home\nfe80::7 printer\n");
    CHECK(look_up("printer", nullptr, AF_INET, SOCK_STREAM).addresses == Set{"192.0.2.7"});
    CHECK(look_up("printer", nullptr, AF_INET6, SOCK_STREAM).addresses == Set{"fe80::7"});
    CHECK(strcmp(getservbyname("domain", "udp")->s_name, "domain") == 0 &&
          getservbyname("domain", "udp")->s_port == htons(53));
    CHECK(getservbyname("ntp", "tcp") == nullptr && strcmp(getservbyport(htons(443), "tcp")->s_name, "https") == 0);
    write_file("/etc/services", "# ours\nspecial 4711/tcp other  # and more\nhttp\t81/tcp\nnonsense\n");
    CHECK(getservbyname("other", nullptr)->s_port == htons(4711) && getservbyname("http", "tcp")->s_port == htons(81) &&
          getservbyname("https", "tcp") == nullptr);
}

void dns() {
    write_file("/etc/resolv.conf", "nameserver 127.0.0.1\noptions retrans:200 retry:2\n");
    start_server();
    CHECK((look_up("a.test", "25", AF_INET, SOCK_STREAM).addresses == Set{"10.0.0.1", "10.0.0.2"}));
    CHECK(tricks_seen && look_up("a.test", "25", AF_INET, SOCK_STREAM).port == 25);
    CHECK(look_up("a.test", nullptr, AF_INET6, SOCK_STREAM).addresses == Set{"::1"});
    CHECK((look_up("a.test", nullptr, AF_UNSPEC, SOCK_STREAM).addresses == Set{"10.0.0.1", "10.0.0.2", "::1"}));
    const Result alias = look_up("alias.test", nullptr, AF_INET, SOCK_STREAM, AI_CANONNAME);
    CHECK(alias.addresses == Set{"10.0.0.3"} && alias.canonical == "a.test");
    CHECK(look_up("none.test", nullptr, AF_INET, SOCK_STREAM).error == EAI_NONAME);
    CHECK(look_up("alias.test", nullptr, AF_INET6, SOCK_STREAM).error ==
          EAI_NONAME); // the name is there, no such address
    CHECK(look_up("broken.test", nullptr, AF_INET, SOCK_STREAM).error == EAI_AGAIN);
    const int before = questions;
    CHECK(look_up("silent.test", nullptr, AF_INET, SOCK_STREAM).error == EAI_AGAIN &&
          questions == before + 2); // asked twice
    CHECK(look_up("big.test", nullptr, AF_INET, SOCK_STREAM).addresses.size() == 50 && tcp_questions == 1);
    CHECK(look_up(std::string(300, 'x').c_str(), nullptr, AF_INET, SOCK_STREAM).error == EAI_NONAME);

    const hostent* host = gethostbyname("alias.test");
    CHECK(host != nullptr && host->h_length == 4 && memcmp(host->h_addr_list[0], "\12\0\0\3", 4) == 0 &&
          host->h_addr_list[1] == nullptr);
    CHECK(gethostbyname("none.test") == nullptr && h_errno == HOST_NOT_FOUND);
}

void backwards() {
    char name[100] = "", service[20] = "", small[3];
    sockaddr_in address = at_loopback(4711);
    inet_aton("10.0.0.1", &address.sin_addr);
    CHECK(getnameinfo(generic(address), sizeof address, name, sizeof name, service, sizeof service, 0) == 0 &&
          strcmp(name, "a.test") == 0 && strcmp(service, "special") == 0);
    CHECK(getnameinfo(generic(address), sizeof address, name, sizeof name, service, sizeof service,
                      NI_NUMERICHOST | NI_NUMERICSERV) == 0 &&
          strcmp(name, "10.0.0.1") == 0 && strcmp(service, "4711") == 0);
    CHECK(getnameinfo(generic(address), sizeof address, small, sizeof small, nullptr, 0, 0) == EAI_OVERFLOW);
    inet_aton("192.0.2.7", &address.sin_addr);
    CHECK(getnameinfo(generic(address), sizeof address, name, sizeof name, nullptr, 0, 0) == 0 &&
          strcmp(name, "printer") == 0);
    inet_aton("10.9.9.9", &address.sin_addr);
    CHECK(getnameinfo(generic(address), sizeof address, name, sizeof name, nullptr, 0, NI_NAMEREQD) == EAI_NONAME);
    CHECK(getnameinfo(generic(address), sizeof address, name, sizeof name, nullptr, 0, 0) == 0 &&
          strcmp(name, "10.9.9.9") == 0);
    CHECK(getnameinfo(generic(address), 3, name, sizeof name, nullptr, 0, 0) == EAI_FAMILY);
}

void from_the_environment() {
    setenv("DNS_SERVERS", "127.0.0.2", 1); // where nobody answers
    setenv("RES_OPTIONS", "retrans:100 retry:1", 1);
    const int before = questions;
    CHECK(look_up("a.test", nullptr, AF_INET, SOCK_STREAM).error == EAI_AGAIN && questions == before);
    setenv("DNS_SERVERS", "127.0.0.2,127.0.0.1:53", 1);
    CHECK(look_up("a.test", nullptr, AF_INET, SOCK_STREAM).error == 0);
}

} // namespace

int main() {
    without_a_server();
    files();
    dns();
    backwards();
    from_the_environment();
    return checks_done();
}
