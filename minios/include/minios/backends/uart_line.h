// SPDX-License-Identifier: MIT
// The UART as this domain has it: its ports by `in` and `out`, and its interrupt as an event, or polling when there is
// no right to the interrupt.
#pragma once

#include <minios/backends/uart.h>

#include <minios/events.h>
#include <minios/ports.h>

namespace minios::backends {

class DirectPortIo final : public PortIo {
  public:
    std::uint8_t in(std::uint16_t port) override { return ports::in8(port); }
    void out(std::uint16_t port, std::uint8_t value) override { ports::out8(port, value); }
};

/// A physical interrupt line; Linux's and Xen's names for one: GSI, pirq.
class InterruptLine {
  public:
    /// Error: no right to it, or it does not exist.
    Result<void> start(unsigned gsi, events::Handler handler, void* context);
    bool started() const { return started_; }
    /// After the device has been served.
    void end() { (void)events::eoi(pirq_); }

  private:
    bool started_ = false;
    unsigned pirq_ = 0;
};

} // namespace minios::backends
