// SPDX-License-Identifier: MIT
// What carries frames: a stream of bytes. Today a serial line; later TCP with TLS.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace skerry::protocol {

class Transport {
  public:
    virtual ~Transport() = default;
    /// Up to `size` bytes that are there now; 0: none.
    virtual std::size_t read(char* to, std::size_t size) = 0;
    /// How many of the bytes it took now.
    virtual std::size_t write(std::string_view bytes) = 0;
    /// Blocks the calling thread until there may be something to read, or room to write if `to_write`, or somebody
    /// calls wake(), or system time `deadline_ns` (0: never).
    virtual void wait(bool to_write, std::uint64_t deadline_ns) = 0;
    /// May be called from any thread, and from an event handler.
    virtual void wake() = 0;
    /// The other end is gone for good. A serial line never says so.
    virtual bool closed() const { return false; }
};

} // namespace skerry::protocol
