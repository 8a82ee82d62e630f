// SPDX-License-Identifier: MIT
// One guest that this toolstack asked for, and the parts of the platform that its life needs.
#pragma once

#include "toolstack/domain/base/clock.h"
#include "toolstack/domain/base/event_log.h"
#include "toolstack/domain/base/monitor.h"
#include "toolstack/domain/guests/guest_config.h"
#include "toolstack/domain/parts/builder.h"
#include "toolstack/domain/parts/consoles.h"
#include "toolstack/domain/parts/store.h"
#include "toolstack/domain/parts/window.h"
#include "toolstack/domain/records/journal.h"

namespace skerry::toolstack {

/// A domain of the platform description, as the command line tells of it.
struct PlatformDomain {
    DomainNumber id;
    std::string name;
};

struct Platform {
    Monitor& monitor;
    Clock& clock;
    Hypervisor& hypervisor;
    Builder& builder;
    Consoles& consoles;
    Store& store;
    Journal& journal;
    EventLog& log;
    Window& window;
    std::vector<PlatformDomain> domains;
    std::string console_service = "console", store_service = "xenstore"; ///< names; empty: there is none
    std::function<void()> power_off = [] {}; ///< ends the platform: it needs an end of its own
};

struct Guest {
    enum class Phase : std::uint8_t {
        building,
        running,   ///< until it ends
        preserved, ///< ended, and kept for inspection
        gone,      ///< nothing of it is left but this object
    };
    std::string uuid;
    GuestConfig config;
    BuiltDomain domain;
    Phase phase = Phase::building;
    std::uint64_t created_wall_ns = 0;
    std::uint64_t started_ns = 0; ///< since when the present domain runs
    unsigned short_lives = 0;     ///< in a row
    std::string ending;           ///< how its last domain ended: "powered off"
    bool starts_again = false;    ///< and whether there shall be another
    std::string doing;            ///< what a call is doing to it; empty: nothing
    bool passed_over = false;     ///< somebody looked after guests meanwhile
};

/// A new random identity, xxxxxxxx-xxxx-4xxx-..., from 16 random bytes.
std::string uuid_text(std::array<std::uint8_t, 16> random);
/// The 16 bytes of such a text; all zero for anything else.
std::array<std::uint8_t, 16> uuid_bytes(std::string_view text);

} // namespace skerry::toolstack
