// SPDX-License-Identifier: MIT
// One look-up through c-ares: /etc/hosts, then DNS. The servers are those of the environment (DNS_SERVERS=ADDRESS[:PORT][,...]), else of
// /etc/resolv.conf, else what the network's configuration (DHCP) told lwIP. Without any, only /etc/hosts is looked at.
#pragma once

#include <ares.h>

namespace minios::net {

class Resolver {
  public:
    Resolver();
    ~Resolver();
    Resolver(const Resolver&) = delete;
    Resolver& operator=(const Resolver&) = delete;

    /// nullptr: no memory.
    ares_channel channel() const { return channel_; }
    /// Lets the calling thread wait until all that was asked is answered or given up: after 2 and 4 seconds for each server, unless
    /// /etc/resolv.conf or RES_OPTIONS says otherwise.
    void run();
    /// The EAI_* of a status of c-ares.
    int error_of(int status) const;

  private:
    bool open(int timeout_ms, int tries);
    bool has_defaults() const;
    void choose_servers();

    ares_channel channel_ = nullptr;
    bool has_servers_ = true;
    int cancel_state_;
};

} // namespace minios::net
