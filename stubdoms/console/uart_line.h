// SPDX-License-Identifier: MIT
// The UART as this domain has it: its ports by `in` and `out`, and its interrupt as an event, or polling when there is no right to the interrupt.
#pragma once

#include "uart.h"

#include <minios/events.h>

namespace skerry::console {

class DirectPortIo final : public PortIo {
public:
    std::uint8_t in(std::uint16_t port) override {
        std::uint8_t value;
        asm volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
        return value;
    }
    void out(std::uint16_t port, std::uint8_t value) override { asm volatile("outb %0, %1" : : "a"(value), "Nd"(port)); }
};

/// A physical interrupt line; Linux's and Xen's names for one: GSI, pirq.
class InterruptLine {
public:
    /// Error: no right to it, or it does not exist.
    minios::Result<void> start(unsigned gsi, minios::events::Handler handler, void* context);
    bool started() const { return started_; }
    /// After the device has been served.
    void end() { (void)minios::events::eoi(pirq_); }

private:
    bool started_ = false;
    unsigned pirq_ = 0;
};

} // namespace skerry::console
