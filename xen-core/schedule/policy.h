// SPDX-License-Identifier: MIT
// The scheduler's constants. All in nanoseconds; "virtual" ones are CPU time at the default weight.
#pragma once

#include "base/types.h"

namespace skerry::policy {

// How long an entity runs while others wait; lighter ones run for less, so that their turns do not set them back for
// ages.
inline constexpr Nanoseconds slice = 4'000'000;
inline constexpr Nanoseconds min_slice = 500'000;
// How often a CPU whose entity has no local rival looks for others that wait elsewhere.
inline constexpr Nanoseconds balance_interval = 10'000'000;
// Virtual credit that sleeping earns at most: what lets a mostly idle service preempt.
inline constexpr Nanoseconds sleeper_credit = 3'000'000;
// A woken entity preempts when its claim is better by this much (virtual), and pays the price (virtual) for it.
inline constexpr Nanoseconds preempt_margin = 250'000;
inline constexpr Nanoseconds preempt_price = 20'000;
// A waiting entity is taken over by a busy CPU when it is behind that CPU's own best by this much (virtual).
inline constexpr Nanoseconds takeover_margin = 4'000'000;
// Nobody's virtual time stays further than this behind what waits elsewhere: the claims of an entity that could not use
// its share (alone on its CPU, or pinned) do not grow without bound.
inline constexpr Nanoseconds max_divergence = 1'000'000'000;
// How many peers, and how many entities of one, a busy CPU looks at per turn.
inline constexpr unsigned peers_per_turn = 16;
inline constexpr unsigned entities_per_peer = 64;

} // namespace skerry::policy
