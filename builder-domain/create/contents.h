// SPDX-License-Identifier: MIT
// Fills the memory of a new domain and gives its first vCPU a state, so that it starts as "start-of-day memory layout"
// and "start_info" in xen/xen.h promise. Afterwards the domain is complete but for hardware and rights, and still
// paused.
#pragma once

#include "builder-domain/create/guest_memory.h"
#include "builder-domain/create/payload.h"

namespace skerry::builder {

// The other end of a console page, store page or channel; no port: nobody serves it.
struct Connection {
    DomId server{0};
    std::optional<Port> port;
};

// The grant entry of a domain's first channel; those of console and store come before it, those that it uses as it likes
// behind its channels.
inline constexpr unsigned first_channel_entry = 2;

struct Contents {
    const PvImage& image;
    const Payload& payload;
    std::string_view cmdline; // at most MAX_GUEST_CMDLINE - 1 characters
    uint64_t memory_pages;
    Connection console;
    Connection store;
    FixedList<Connection, max_channels> channels = {};
};

Status fill_domain(Hypervisor& hypervisor, DomId domain, const Contents& contents);

} // namespace skerry::builder
