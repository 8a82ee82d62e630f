// SPDX-License-Identifier: MIT
// Our side of this domain's store page (<xen/io/xs_wire.h>), and the messages that come through it. The server may be
// killed and built again at any time, and is not trusted with our memory: its indices are read once and checked, lengths
// are bounded. Compiles on the host.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <xen/io/xs_wire.h>

namespace minios::xenbus {

class ClientRing {
  public:
    ClientRing() = default;
    /// Goes on where the page is: a domain's boot loader may have used it before.
    explicit ClientRing(xenstore_domain_interface& page);

    /// Puts as much as fits; how many bytes that was.
    std::size_t write(std::string_view bytes);
    /// Takes up to `most` bytes; how many there were.
    std::size_t read(char* to, std::size_t most);
    /// Bytes taken so far, modulo 2^32: when it moved, the server has room again and wants to be told.
    std::uint32_t taken() const { return taken_; }
    /// The server's indices made no sense, or it said that it gave up: nothing works any more.
    bool broken() const { return broken_; }

  private:
    static constexpr std::uint32_t size = XENSTORE_RING_SIZE;

    xenstore_domain_interface* page_ = nullptr;
    std::uint32_t put_ = 0, taken_ = 0;
    bool broken_ = false;
};

/// A message as it comes in, piece by piece.
class Incoming {
  public:
    /// Takes from the ring what there is of one message. True: header() and payload() are all of it; next() begins anew.
    bool take(ClientRing& ring);
    void next() { have_ = 0; }
    const xsd_sockmsg& header() const { return header_; }
    std::string_view payload() const { return {payload_, header_.len}; }
    /// A length that no server sends.
    bool broken() const { return broken_; }

  private:
    xsd_sockmsg header_{};
    char payload_[XENSTORE_PAYLOAD_MAX];
    std::size_t have_ = 0; ///< bytes of header and payload
    bool broken_ = false;
};

} // namespace minios::xenbus
