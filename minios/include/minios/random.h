// SPDX-License-Identifier: MIT
// Random numbers that nobody can guess, if the processor has a source of them (RDSEED or RDRAND).
//
// No source is trusted alone: what RDSEED and RDRAND say and the time stamp counter are mixed into the key of a ChaCha20
// generator, which erases its key with each use ("fast key erasure": what was given out cannot be found from the state
// later), and which takes up fresh words from the processor each time.
#pragma once

#include <cstddef>
#include <cstdint>

namespace minios::random {

/// Fills [to, to + size). False, with nothing written: the processor has no source, or it does not answer.
bool fill(void* to, std::size_t size);

/// A word for what had better be hard to guess. Without a source it comes from the time stamp counter alone.
std::uint64_t word();

} // namespace minios::random
