// SPDX-License-Identifier: MIT
// Waiting at an address: what the 32-bit objects of newlib's <pthread.h> need, which have no room for a queue. FIFO for
// each address. Cooperative: nothing happens between looking at a word and parking.
#pragma once

#include <pthread.h>

#include <cstdint>

namespace minios::libc {

/// Blocks the calling thread until unparked, or until system time `deadline_ns` (0: never). False: the deadline passed.
bool park(const void* address, std::uint64_t deadline_ns = 0);
/// Wakes who waits longest there: the id of that thread, or 0.
pthread_t unpark_one(const void* address);
void unpark_all(const void* address);
/// Anybody there?
bool parked(const void* address);

} // namespace minios::libc
