// SPDX-License-Identifier: MIT
// A 16550 UART driven through its eight I/O ports. Bytes that there is no room for stay in the device: the receive
// interrupt is switched off until there is. Register numbers and bits: PC16550D data sheet, table II.
#pragma once

#include <minios/backends/byte_queue.h>

#include <cstdint>
#include <initializer_list>

namespace minios::backends {

/// How the ports are reached; the tests have a model of the device behind it.
class PortIo {
  public:
    virtual std::uint8_t in(std::uint16_t port) = 0;
    virtual void out(std::uint16_t port, std::uint8_t value) = 0;

  protected:
    ~PortIo() = default;
};

class Uart {
  public:
    Uart(PortIo& io, std::uint16_t base) : io_(io), base_(base) {}

    /// Takes the device over as it is: speed, line format, FIFOs, and what it has received. False: no UART answers.
    bool start() {
        if (!present()) return false;
        set_interrupts(0);
        fifos_ = (io_.in(reg(interrupt_identity)) & fifos_on) == fifos_on;
        io_.out(reg(modem_control), terminal_ready | request_to_send | interrupt_gate);
        return true;
    }

    /// Switches the FIFOs on, if they are not. That empties the receiver, so: only when the line has been quiet for
    /// long, because what was piped in at boot follows byte on byte.
    void use_fifos() {
        if (fifos_ || (io_.in(reg(line_status)) & data_ready) != 0) return;
        switch_fifos_on(fifo_enable);
    }

    /// Makes the line one for much data: 115200 baud, eight bits and no parity, FIFOs that interrupt when 14 bytes are
    /// there, or fewer and nothing more for four characters' time. What had been received is lost.
    void use_for_bulk() {
        io_.out(reg(line_control), divisor_access);
        io_.out(reg(data), 1); // of 115200 baud, the low and the high byte
        io_.out(reg(interrupt_enable), 0);
        io_.out(reg(line_control), eight_bits);
        set_interrupts(0);
        switch_fifos_on(fifo_enable | fifo_clear | trigger_at_14);
        has_trigger_ = fifos_;
    }

    /// Moves received bytes into `input` while there is room. True if any came.
    template <class Queue> bool receive(Queue& input) {
        bool any = false;
        for (unsigned most = burst; most > 0 && input.room() > 0;) {
            unsigned there = bytes_there();
            if (there == 0) return any;
            for (; there > 0 && most > 0 && input.room() > 0; --there, --most)
                input.put(static_cast<char>(io_.in(reg(data))));
            any = true;
        }
        return any;
    }

    /// Moves bytes from `output` into the device while it takes them. True if any went.
    template <class Queue> bool transmit(Queue& output) {
        bool any = false;
        const unsigned at_once = fifos_ ? fifo_size : 1;
        for (unsigned most = burst / at_once; most > 0 && !output.empty(); --most) {
            if ((io_.in(reg(line_status)) & transmitter_empty) == 0) return any;
            for (unsigned i = 0; i < at_once && !output.empty(); ++i) {
                io_.out(reg(data), static_cast<std::uint8_t>(output.front()));
                output.pop();
                any = true;
            }
        }
        return any;
    }

    /// Which events shall interrupt.
    void interrupt_on(bool received, bool transmitter_free) {
        set_interrupts(static_cast<std::uint8_t>((received ? 1 : 0) | (transmitter_free ? 2 : 0)));
    }
    /// Is an interrupt still asserted? (Asking acknowledges that of the transmitter.) The line is edge-triggered on
    /// PCs: it must have been seen inactive before waiting for the next edge.
    bool interrupt_asserted() { return (io_.in(reg(interrupt_identity)) & 1) == 0; }

  private:
    enum Register : std::uint16_t {
        data,
        interrupt_enable,
        interrupt_identity,
        line_control,
        modem_control,
        line_status,
        modem_status,
        scratch
    };
    static constexpr std::uint16_t fifo_control = 2;
    static constexpr std::uint8_t data_ready = 0x01, transmitter_empty = 0x20;
    static constexpr std::uint8_t fifo_enable = 0x01, fifo_clear = 0x06, trigger_at_14 = 0xc0, fifos_on = 0xc0;
    static constexpr std::uint8_t identity = 0x0f, trigger_reached = 0x04;
    static constexpr std::uint8_t divisor_access = 0x80, eight_bits = 0x03;
    static constexpr std::uint8_t terminal_ready = 0x01, request_to_send = 0x02, interrupt_gate = 0x08;
    static constexpr unsigned fifo_size = 16, trigger = 14, burst = 256;

    std::uint16_t reg(unsigned offset) const { return static_cast<std::uint16_t>(base_ + offset); }
    bool present() {
        for (const unsigned pattern : {0x5au, 0xa5u}) {
            io_.out(reg(scratch), static_cast<std::uint8_t>(pattern));
            if (io_.in(reg(scratch)) != pattern) return false;
        }
        return true;
    }
    void switch_fifos_on(std::uint8_t how) {
        io_.out(reg(fifo_control), how);
        fifos_ = (io_.in(reg(interrupt_identity)) & fifos_on) == fifos_on;
    }
    /// So many can be read at least; 0: none. One access tells of 14 at once, where the trigger level says it.
    unsigned bytes_there() {
        if (has_trigger_ && (interrupts_ & 1) != 0 && (io_.in(reg(interrupt_identity)) & identity) == trigger_reached)
            return trigger;
        return io_.in(reg(line_status)) & data_ready;
    }
    void set_interrupts(std::uint8_t mask) {
        if (mask == interrupts_) return;
        interrupts_ = mask;
        io_.out(reg(interrupt_enable), mask);
    }

    PortIo& io_;
    std::uint16_t base_;
    std::uint8_t interrupts_ = 0xff;
    bool fifos_ = false, has_trigger_ = false;
};

} // namespace minios::backends
