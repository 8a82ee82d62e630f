// SPDX-License-Identifier: MIT
// One client: a domain with its ring. All of it outlives the server.
#pragma once

#include "output.h"
#include "transaction.h"

#include <map>
#include <string>

#include <xen/io/xs_wire.h>

namespace skerry::xenstore {

using Header = xsd_sockmsg;
static_assert(sizeof(Header) == 16);
inline constexpr std::size_t longest_payload = XENSTORE_PAYLOAD_MAX;

struct Connection {
    Connection(DomainId domain, std::uint32_t port, Accounts& accounts)
        : domain(domain), port(port), output(accounts, domain) {}

    const DomainId domain;
    std::uint32_t port;       ///< the event channel that the domain offers
    bool made_home = false;   ///< its home was made here, and goes with it
    std::uint32_t taken = 0;  ///< bytes of requests, as its ring counts them
    std::uint32_t put = 0;    ///< bytes of answers and events
    std::uint8_t failure = 0; ///< XENSTORE_ERROR_*: deaf until it reconnects
    std::string partial;      ///< the beginning of a request
    Output output;
    std::map<std::uint32_t, Transaction> transactions;
    std::uint32_t next_transaction = 1;
};

} // namespace skerry::xenstore
