// SPDX-License-Identifier: MIT
// The steps from which there is no way back, in their order. They use hypercalls and static data only: once the frames
// are renamed, minios's own idea of memory is wrong; once the vCPU is reset, a fault ends the domain. A hypercall
// refused here panics or kills the domain.
#pragma once

#include "start_in_place.h"

namespace skerry::start_in_place {

void write_hand_over_page(const Departure& departure);

/// Machine-to-physical table: every frame whose number changes gets its new one.
void rename_frames(const Departure& departure);

/// vCPU and domain as they were when the domain was fresh: no traps, callbacks, timers, descriptor tables or event
/// channels but the store's and the console's; events masked.
void reset_vcpu();

[[noreturn]] void jump_to_hand_over_page(const Departure& departure);

} // namespace skerry::start_in_place
