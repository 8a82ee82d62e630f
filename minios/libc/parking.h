// SPDX-License-Identifier: MIT
// Waiting at an address: what the 32-bit objects of newlib's <pthread.h> need, which have no room for a queue. FIFO for
// each address. Cooperative: nothing happens between looking at a word and parking.
#pragma once

#include <pthread.h>

#include <cstdint>

namespace minios::libc {

/// What ends a thread's parking, beside a deadline. Handlers of signals run in each case.
enum class Parking { until_unparked, or_cancelled, or_signalled };

/// Blocks the calling thread until unparked (0), until system time `deadline_ns` (0: never; -ETIMEDOUT), or until cancelled or, with
/// or_signalled, also a handler ran (as wait_once()).
int park(const void* address, std::uint64_t deadline_ns = 0, Parking parking = Parking::until_unparked);
/// Wakes who waits longest there: the id of that thread, or 0.
pthread_t unpark_one(const void* address);
void unpark_all(const void* address);
/// Anybody there?
bool parked(const void* address);

} // namespace minios::libc
