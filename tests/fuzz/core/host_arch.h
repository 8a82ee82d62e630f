// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

namespace skerry {

uint32_t host_windows_in_use();
// As if the device behind the line had asked for service.
void host_interrupt(uint32_t gsi);

} // namespace skerry
