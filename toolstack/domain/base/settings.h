// SPDX-License-Identifier: MIT
// What the toolstack domain is told on its command line, most of it by the first domain:
//   uart=<port>  irq=<number>|none        the serial line of operators (default 0x2f8, 3)
//   domain=<name>:<domid>                 a domain of the platform description; repeated
//   channel=...  state=...                for minios (<minios/channel.h>, <minios/backends/state_area.h>)
//   window=<address>:<bytes>              memory shared with the operator's machine (window.h), in whole pages
//   builder=<port>                        event channel on which the first domain says that domains came or went
#pragma once

#include "toolstack/domain/guests/guest.h"

namespace skerry::toolstack {

struct Settings {
    std::uint16_t uart = 0x2f8;
    int irq = 3; ///< -1: none, poll
    std::uint32_t builder_port = 0;
    std::uint64_t window_address = 0, window_size = 0; ///< size 0: none
    std::vector<PlatformDomain> domains;
    std::vector<std::string> not_understood;
};

Settings read_settings(const std::vector<std::string_view>& words);

} // namespace skerry::toolstack
