// SPDX-License-Identifier: MIT
// The second serial line as a transport: its ports, and its interrupt or, without the right to that, polling.
#pragma once

#include "toolstack/protocol/transport.h"

#include <minios/backends/uart_line.h>
#include <minios/threads.h>

namespace skerry::toolstack {

class SerialTransport final : public protocol::Transport {
  public:
    explicit SerialTransport(std::uint16_t port) : uart_(io_, port) {}
    /// False: no UART answers there, and so no operator ever will. `irq` < 0: poll.
    bool start(int irq);

    std::size_t read(char* to, std::size_t size) override;
    std::size_t write(std::string_view bytes) override;
    void wait(bool to_write, std::uint64_t deadline_ns) override;
    void wake() override;

  private:
    static void on_interrupt(minios::Port, void* self);

    minios::backends::DirectPortIo io_;
    minios::backends::Uart uart_;
    minios::backends::InterruptLine line_;
    minios::WaitQueue waiting_;
    bool is_there_ = false, interrupted_ = false, woken_ = false;
};

} // namespace skerry::toolstack
