// SPDX-License-Identifier: MIT
// getaddrinfo() and its kind: services from services.h, names from resolver.h, the list that the program gets.
#include "resolver.h"
#include "services.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

using namespace minios;

int h_errno;

namespace {

/// What a socket can be, and on which port.
struct Kind {
    int type, protocol;
    const char* name; ///< of the protocol, for services; nullptr: raw sockets have none
    int port;
};

/// The kinds that the hints allow and the service has: how many, or -EAI_*.
int choose_kinds(const char* service, const addrinfo& hints, Kind (&kinds)[3]) {
    const Kind all[] = {
        {SOCK_STREAM, IPPROTO_TCP, "tcp", 0}, {SOCK_DGRAM, IPPROTO_UDP, "udp", 0}, {SOCK_RAW, 0, nullptr, 0}};
    const bool only_number = (hints.ai_flags & AI_NUMERICSERV) != 0;
    int count = 0;
    bool type_known = false;
    for (Kind kind : all) {
        if (hints.ai_socktype != 0 && hints.ai_socktype != kind.type) continue;
        if (hints.ai_protocol != 0 && kind.protocol != 0 && hints.ai_protocol != kind.protocol) continue;
        type_known = true;
        if (kind.protocol == 0) kind.protocol = hints.ai_protocol;
        if (service != nullptr) {
            if (kind.name == nullptr) continue;
            kind.port = net::port_of(service, kind.name, only_number);
            if (kind.port < 0) continue;
        }
        kinds[count++] = kind;
    }
    if (count != 0) return count;
    return !type_known ? -EAI_SOCKTYPE : only_number ? -EAI_NONAME : -EAI_SERVICE;
}

/// An entry of the list is one block of memory.
struct Entry {
    addrinfo info;
    sockaddr_storage address;
    char name[];
};

class List {
  public:
    ~List() { freeaddrinfo(first_); }
    addrinfo* give() {
        addrinfo* first = first_;
        first_ = nullptr;
        return first;
    }
    bool empty() const { return first_ == nullptr; }
    /// One entry for each kind; false: no memory. `name`: for the first entry only, or nullptr.
    bool add(const sockaddr* address, socklen_t size, const Kind* kinds, int count, const char* name) {
        for (int i = 0; i < count; ++i)
            if (!add(address, size, kinds[i], first_ == nullptr ? name : nullptr)) return false;
        return true;
    }

  private:
    bool add(const sockaddr* address, socklen_t size, const Kind& kind, const char* name) {
        const std::size_t name_size = name != nullptr ? strlen(name) + 1 : 0;
        auto* entry = static_cast<Entry*>(calloc(1, sizeof(Entry) + name_size));
        if (entry == nullptr) return false;
        memcpy(&entry->address, address, size);
        auto* generic = reinterpret_cast<sockaddr*>(&entry->address);
        if (address->sa_family == AF_INET)
            reinterpret_cast<sockaddr_in*>(generic)->sin_port = htons(static_cast<u16_t>(kind.port));
        else
            reinterpret_cast<sockaddr_in6*>(generic)->sin6_port = htons(static_cast<u16_t>(kind.port));
        entry->info = {0, address->sa_family, kind.type, kind.protocol, size, generic, nullptr, nullptr};
        if (name != nullptr) entry->info.ai_canonname = strcpy(entry->name, name);
        *last_ = &entry->info;
        last_ = &entry->info.ai_next;
        return true;
    }
    addrinfo* first_ = nullptr;
    addrinfo** last_ = &first_;
};

template <class Address> sockaddr* generic(Address& address) { return reinterpret_cast<sockaddr*>(&address); }

bool add_four(List& list, in_addr address, const Kind* kinds, int count, const char* name) {
    sockaddr_in socket{};
    socket.sin_family = AF_INET;
    socket.sin_len = sizeof socket;
    socket.sin_addr = address;
    return list.add(generic(socket), sizeof socket, kinds, count, name);
}
bool add_six(List& list, const in6_addr& address, const Kind* kinds, int count, const char* name) {
    sockaddr_in6 socket{};
    socket.sin6_family = AF_INET6;
    socket.sin6_len = sizeof socket;
    socket.sin6_addr = address;
    return list.add(generic(socket), sizeof socket, kinds, count, name);
}

/// RFC 6761, 6.3: always the loopback address, whoever is asked.
bool is_localhost(const char* name) {
    constexpr const char* suffix = "localhost";
    std::size_t length = strlen(name), own = strlen(suffix);
    if (length > 0 && name[length - 1] == '.') --length;
    if (length < own || strncasecmp(name + length - own, suffix, own) != 0) return false;
    return length == own || name[length - own - 1] == '.';
}

/// No name: the wildcard or the loopback address of each family.
bool add_own(List& list, const addrinfo& hints, const Kind* kinds, int count, bool passive, const char* canonical) {
    const in_addr four{htonl(passive ? INADDR_ANY : INADDR_LOOPBACK)};
    in6_addr six{};
    if (!passive) inet_pton(AF_INET6, "::1", &six);
    if (hints.ai_family != AF_INET && !add_six(list, six, kinds, count, canonical)) return false;
    return hints.ai_family == AF_INET6 || add_four(list, four, kinds, count, canonical);
}

/// A name that is an address: 0, EAI_*, or -1: it is none.
int add_numeric(List& list, const char* name, const addrinfo& hints, const Kind* kinds, int count,
                const char* canonical) {
    in_addr four;
    in6_addr six;
    const bool is_four = inet_pton(AF_INET, name, &four) == 1,
               is_six = !is_four && inet_pton(AF_INET6, name, &six) == 1;
    if (!is_four && !is_six) return -1;
    if (hints.ai_family != AF_UNSPEC && hints.ai_family != (is_four ? AF_INET : AF_INET6)) return EAI_FAMILY;
    const bool added =
        is_four ? add_four(list, four, kinds, count, canonical) : add_six(list, six, kinds, count, canonical);
    return added ? 0 : EAI_MEMORY;
}

struct Answer {
    int status = ARES_ENOTFOUND;
    ares_addrinfo* addresses = nullptr;
};
void note_answer(void* context, int status, int, ares_addrinfo* addresses) {
    *static_cast<Answer*>(context) = {status, addresses};
}

int add_looked_up(List& list, const char* name, const addrinfo& hints, const Kind* kinds, int count) {
    net::Resolver resolver;
    if (resolver.channel() == nullptr) return EAI_MEMORY;
    ares_addrinfo_hints question{};
    question.ai_family = hints.ai_family;
    question.ai_flags = (hints.ai_flags & AI_CANONNAME) != 0 ? ARES_AI_CANONNAME : 0;
    Answer answer;
    ares_getaddrinfo(resolver.channel(), name, nullptr, &question, note_answer, &answer);
    resolver.run();
    if (answer.status != ARES_SUCCESS) return resolver.error_of(answer.status);
    const char* canonical = nullptr;
    if ((hints.ai_flags & AI_CANONNAME) != 0) {
        canonical = name;
        for (const ares_addrinfo_cname* at = answer.addresses->cnames; at != nullptr; at = at->next)
            if (at->name != nullptr) canonical = at->name;
    }
    bool added = true;
    for (const ares_addrinfo_node* node = answer.addresses->nodes; node != nullptr && added; node = node->ai_next) {
        if (node->ai_family != AF_INET && node->ai_family != AF_INET6) continue;
        added = list.add(node->ai_addr, node->ai_addrlen, kinds, count, canonical);
    }
    ares_freeaddrinfo(answer.addresses);
    return !added ? EAI_MEMORY : list.empty() ? EAI_NONAME : 0;
}

int look_up(const char* name, const char* service, const addrinfo& hints, List& list) {
    constexpr int known_flags =
        AI_PASSIVE | AI_CANONNAME | AI_NUMERICHOST | AI_NUMERICSERV | AI_V4MAPPED | AI_ALL | AI_ADDRCONFIG;
    if ((hints.ai_flags & ~known_flags) != 0 || ((hints.ai_flags & AI_CANONNAME) != 0 && name == nullptr))
        return EAI_BADFLAGS;
    if (hints.ai_family != AF_UNSPEC && hints.ai_family != AF_INET && hints.ai_family != AF_INET6) return EAI_FAMILY;
    if (name == nullptr && service == nullptr) return EAI_NONAME;
    Kind kinds[3];
    const int count = choose_kinds(service, hints, kinds);
    if (count < 0) return -count;
    const bool passive = (hints.ai_flags & AI_PASSIVE) != 0;
    if (name == nullptr) return add_own(list, hints, kinds, count, passive, nullptr) ? 0 : EAI_MEMORY;
    const char* canonical = (hints.ai_flags & AI_CANONNAME) != 0 ? name : nullptr;
    if (const int result = add_numeric(list, name, hints, kinds, count, canonical); result >= 0) return result;
    if ((hints.ai_flags & AI_NUMERICHOST) != 0) return EAI_NONAME;
    if (is_localhost(name)) return add_own(list, hints, kinds, count, false, canonical) ? 0 : EAI_MEMORY;
    return add_looked_up(list, name, hints, kinds, count);
}

/// --- the other way round ---------------------------------------------------------------------------------------------

struct NameAnswer {
    int status = ARES_ENOTFOUND;
    char name[NI_MAXHOST] = "";
};
void note_name(void* context, int status, int, char* name, char*) {
    auto& answer = *static_cast<NameAnswer*>(context);
    answer.status = status;
    if (name != nullptr && strlen(name) < sizeof answer.name)
        strcpy(answer.name, name);
    else if (status == ARES_SUCCESS)
        answer.status = ARES_ENOTFOUND;
}

int give(const char* text, char* to, socklen_t size) {
    if (strlen(text) >= size) return EAI_OVERFLOW;
    strcpy(to, text);
    return 0;
}

int name_of(const sockaddr* address, socklen_t size, char* name, socklen_t name_size, int flags) {
    if ((flags & NI_NUMERICHOST) == 0) {
        net::Resolver resolver;
        if (resolver.channel() == nullptr) return EAI_MEMORY;
        NameAnswer answer;
        ares_getnameinfo(resolver.channel(), address, size, ARES_NI_LOOKUPHOST | ARES_NI_NAMEREQD, note_name, &answer);
        resolver.run();
        if (answer.status == ARES_SUCCESS) return give(answer.name, name, name_size);
        if ((flags & NI_NAMEREQD) != 0) return resolver.error_of(answer.status);
    }
    char text[64];
    const void* binary = address->sa_family == AF_INET
                             ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in*>(address)->sin_addr)
                             : &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
    if (inet_ntop(address->sa_family, binary, text, sizeof text) == nullptr) return EAI_FAIL;
    return give(text, name, name_size);
}

int service_of(int port, char* service, socklen_t size, int flags) {
    const servent* entry =
        (flags & NI_NUMERICSERV) == 0 ? getservbyport(port, (flags & NI_DGRAM) != 0 ? "udp" : "tcp") : nullptr;
    if (entry != nullptr) return give(entry->s_name, service, size);
    char text[8];
    snprintf(text, sizeof text, "%u", ntohs(static_cast<u16_t>(port)));
    return give(text, service, size);
}

} // namespace

extern "C" {

int getaddrinfo(const char* name, const char* service, const struct addrinfo* hints, struct addrinfo** result) {
    const addrinfo no_hints{};
    List list;
    const int error = look_up(name, service, hints != nullptr ? *hints : no_hints, list);
    if (error == 0) *result = list.give();
    return error;
}

void freeaddrinfo(struct addrinfo* entry) {
    while (entry != nullptr) {
        addrinfo* next = entry->ai_next;
        free(entry); // the beginning of its Entry
        entry = next;
    }
}

int getnameinfo(const struct sockaddr* address, socklen_t size, char* name, socklen_t name_size, char* service,
                socklen_t service_size, int flags) {
    const bool four = size >= sizeof(sockaddr_in) && address->sa_family == AF_INET;
    const bool six = size >= sizeof(sockaddr_in6) && address->sa_family == AF_INET6;
    if (!four && !six) return EAI_FAMILY;
    if ((name == nullptr || name_size == 0) && (service == nullptr || service_size == 0)) return EAI_NONAME;
    static_assert(__builtin_offsetof(sockaddr_in, sin_port) == __builtin_offsetof(sockaddr_in6, sin6_port));
    const int port = reinterpret_cast<const sockaddr_in*>(address)->sin_port;
    if (service != nullptr && service_size != 0)
        if (const int error = service_of(port, service, service_size, flags); error != 0) return error;
    return name != nullptr && name_size != 0 ? name_of(address, size, name, name_size, flags) : 0;
}

struct hostent* gethostbyname(const char* name) {
    constexpr int most_addresses = 8;
    static in_addr addresses[most_addresses];
    static char* pointers[most_addresses + 1];
    static char* no_aliases[] = {nullptr};
    static char canonical[NI_MAXHOST];
    static struct hostent entry;
    addrinfo hints{}, *list = nullptr;
    hints.ai_family = AF_INET;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_CANONNAME;
    if (const int error = getaddrinfo(name, nullptr, &hints, &list); error != 0) {
        h_errno = error == EAI_NONAME ? HOST_NOT_FOUND : error == EAI_AGAIN ? TRY_AGAIN : NO_RECOVERY;
        return nullptr;
    }
    int count = 0;
    for (const addrinfo* at = list; at != nullptr && count < most_addresses; at = at->ai_next) {
        addresses[count] = reinterpret_cast<const sockaddr_in*>(at->ai_addr)->sin_addr;
        pointers[count] = reinterpret_cast<char*>(&addresses[count]);
        ++count;
    }
    pointers[count] = nullptr;
    snprintf(canonical, sizeof canonical, "%s", list->ai_canonname != nullptr ? list->ai_canonname : name);
    freeaddrinfo(list);
    entry = {canonical, no_aliases, AF_INET, sizeof(in_addr), pointers};
    return &entry;
}

const char* gai_strerror(int error) {
    switch (error) {
    case 0: return "no error";
    case EAI_NONAME: return "no such name";
    case EAI_SERVICE: return "no such service";
    case EAI_FAIL: return "the resolver failed";
    case EAI_MEMORY: return "out of memory";
    case EAI_FAMILY: return "no such address family";
    case EAI_AGAIN: return "no answer yet";
    case EAI_SOCKTYPE: return "no such kind of socket";
    case EAI_BADFLAGS: return "such flags do not exist";
    case EAI_OVERFLOW: return "the buffer is too small";
    case EAI_SYSTEM: return strerror(errno);
    default: return "unknown error";
    }
}

} // extern "C"
