// SPDX-License-Identifier: MIT
// xl.cfg files of anybody: parsed, and understood or refused.
#include "toolstack/cli/config/guest_settings.h"

#include <cstddef>
#include <cstdint>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    try {
        (void)skerry::cli::read_guest_settings(skerry::cli::parse_config({reinterpret_cast<const char*>(data), size}));
    } catch (const skerry::cli::ConfigError&) { /* as it should be */
    }
    return 0;
}
