// SPDX-License-Identifier: MIT
#include "resolver.h"

#include "network.h"

#include <minios/start.h>

#include <lwip/dns.h>

#include <algorithm>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

namespace minios::net {

namespace {

constexpr int timeout_of_cares = 5000, tries_of_cares = 4; // its defaults: more than a minute for one server
constexpr int timeout_ms = 2000, tries = 2;

/// A port that nobody can guess, so that only who sees a question can answer it. lwIP counts its own ports up.
int bind_anywhere(ares_socket_t descriptor, int type, void*) {
    constexpr unsigned first_port = 49152, ports = 16384;
    if (type != SOCK_DGRAM) return 0;
    for (int attempt = 0; attempt < 20; ++attempt) {
        sockaddr_in6 address{};
        socklen_t size = sizeof address;
        if (getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
        const auto port = htons(static_cast<u16_t>(first_port + minios_lwip_random() % ports));
        if (address.sin6_family == AF_INET6) {
            address.sin6_port = port;
        } else {
            auto& four = reinterpret_cast<sockaddr_in&>(address);
            four.sin_port = port;
            four.sin_addr.s_addr = htonl(INADDR_ANY);
            size = sizeof four;
        }
        if (bind(descriptor, reinterpret_cast<const sockaddr*>(&address), size) == 0) return 0;
    }
    return -1;
}

} // namespace

/// Meanwhile the thread is not cancelled: nobody would give all this back.
Resolver::Resolver() {
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state_);
    if (!net::start()) return;
    static bool started;
    if (!started) started = ares_library_init(ARES_LIB_INIT_ALL) == ARES_SUCCESS;
    if (!started || !open(0, 0)) return;
    if (has_defaults()) {
        ares_destroy(channel_);
        channel_ = nullptr;
        if (!open(timeout_ms, tries)) return;
    }
    ares_set_socket_configure_callback(channel_, bind_anywhere, nullptr);
    choose_servers();
}

Resolver::~Resolver() {
    if (channel_ != nullptr) ares_destroy(channel_);
    pthread_setcancelstate(cancel_state_, nullptr);
}

/// 0: as the configuration says.
bool Resolver::open(int timeout, int most_tries) {
    ares_options options{};
    options.timeout = timeout;
    options.tries = most_tries;
    if (ares_init_options(&channel_, &options, timeout != 0 ? ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES : 0) == ARES_SUCCESS)
        return true;
    channel_ = nullptr;
    return false;
}

bool Resolver::has_defaults() const {
    ares_options options{};
    int mask;
    if (ares_save_options(channel_, &options, &mask) != ARES_SUCCESS) return false;
    const bool defaults = options.timeout == timeout_of_cares && options.tries == tries_of_cares;
    ares_destroy_options(&options);
    return defaults;
}

void Resolver::choose_servers() {
    if (const char* servers = getenv("DNS_SERVERS"); servers != nullptr) {
        has_servers_ = ares_set_servers_ports_csv(channel_, servers) == ARES_SUCCESS && servers[0] != 0;
        return;
    }
    if (access("/etc/resolv.conf", R_OK) == 0) return; // c-ares has read it
    char list[DNS_MAX_SERVERS * (IPADDR_STRLEN_MAX + 1) + 1] = "";
    for (u8_t i = 0; i < DNS_MAX_SERVERS; ++i) {
        const ip_addr_t* server = dns_getserver(i);
        if (ip_addr_isany(server)) continue;
        if (list[0] != 0) strcat(list, ",");
        strcat(list, ipaddr_ntoa(server));
    }
    has_servers_ = list[0] != 0 && ares_set_servers_csv(channel_, list) == ARES_SUCCESS;
}

void Resolver::run() {
    if (!has_servers_) return ares_cancel(channel_); // what /etc/hosts answers has been answered
    for (;;) {
        ares_socket_t sockets[ARES_GETSOCK_MAXNUM];
        pollfd files[ARES_GETSOCK_MAXNUM];
        const int which = ares_getsock(channel_, sockets, ARES_GETSOCK_MAXNUM);
        nfds_t count = 0;
        for (int i = 0; i < ARES_GETSOCK_MAXNUM; ++i) {
            const int events =
                (ARES_GETSOCK_READABLE(which, i) ? POLLIN : 0) | (ARES_GETSOCK_WRITABLE(which, i) ? POLLOUT : 0);
            if (events != 0) files[count++] = {sockets[i], static_cast<short>(events), 0};
        }
        if (count == 0) return;
        timeval limit;
        const timeval* wait = ares_timeout(channel_, nullptr, &limit);
        const int wait_ms = wait != nullptr ? static_cast<int>(wait->tv_sec * 1000 + (wait->tv_usec + 999) / 1000) : -1;
        if (poll(files, count, wait_ms) <= 0) {
            ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD); // looks at the time
            continue;
        }
        for (nfds_t i = 0; i < count; ++i) {
            const bool readable = (files[i].revents & (POLLIN | POLLERR | POLLHUP)) != 0;
            const bool writable = (files[i].revents & POLLOUT) != 0;
            ares_process_fd(channel_, readable ? files[i].fd : ARES_SOCKET_BAD,
                            writable ? files[i].fd : ARES_SOCKET_BAD);
        }
    }
}

int Resolver::error_of(int status) const {
    switch (status) {
    case ARES_SUCCESS: return 0;
    case ARES_ENOTFOUND:
    case ARES_ENODATA:
    case ARES_EBADNAME: return EAI_NONAME;
    case ARES_ENOMEM: return EAI_MEMORY;
    case ARES_EBADFAMILY: return EAI_FAMILY;
    case ARES_ESERVICE: return EAI_SERVICE;
    case ARES_ETIMEOUT:
    case ARES_ECONNREFUSED:
    case ARES_ESERVFAIL:
    case ARES_EREFUSED: return EAI_AGAIN;
    case ARES_ECANCELLED: return has_servers_ ? EAI_FAIL : EAI_AGAIN;
    default: return EAI_FAIL;
    }
}

} // namespace minios::net

/// For c-ares (third-party/c-ares/ares_config.h): a byte is taken of it.
extern "C" int minios_net_random() { return static_cast<int>(minios_lwip_random() & 0x7fffffff); }
