// SPDX-License-Identifier: MIT
#include "arch/x86_64/console.h"

#include "arch/x86_64/cpu_local.h"
#include "arch/x86_64/instructions.h"
#include "arch/x86_64/interrupts.h"
#include "base/lock.h"

#include <new>

namespace skerry {

namespace {

// 16550 registers, offsets from the port, and bits of the line status.
constexpr uint16_t data = 0, interrupt_enable = 1, line_control = 3, modem_control = 4, line_status = 5, scratch = 7;
constexpr uint8_t status_data_ready = 0x01, status_transmit_empty = 0x20;

uint16_t port = 0; // of the UART; 0: none, or no longer xen-core's

void put(char c) {
    if (!port) return;
    // A UART that never drains must not stop the machine: about a second, then it is given up.
    for (uint32_t patience = 1 << 20; !(in8(port + line_status) & status_transmit_empty); pause())
        if (!--patience) {
            port = 0;
            return;
        }
    out8(port + data, static_cast<uint8_t>(c));
}

// A power of two, so that positions can run on for ever.
template <size_t size> struct Ring {
    char bytes[size];
    uint64_t written;
    uint64_t oldest; // positions before it were overwritten, read or cleared

    void put(char c) {
        bytes[written++ % size] = c;
        if (written - oldest > size) oldest = written - size;
    }
    bool is_full() const { return written - oldest == size; }
    // From `position` on, which moves.
    size_t copy(uint64_t& position, char* buffer, size_t most) const {
        size_t n = 0;
        while (n < most && position != written) buffer[n++] = bytes[position++ % size];
        return n;
    }
};

constinit Lock<LockRank::console> console_lock;
uint16_t uart_port_at_start = 0;
Ring<32768> output;
bool output_is_announced = false;
Ring<1024> input;
void (*input_handler)() = nullptr; // set: the UART's line is routed here

// COM2 and COM4 have ISA interrupt 3, COM1 and COM3 have 4.
uint32_t uart_gsi() { return gsi_of_isa_irq(uart_port_at_start == 0x2f8 || uart_port_at_start == 0x2e8 ? 3 : 4); }

bool collect_input() {
    Holding held(console_lock);
    bool any = false;
    for (; port && !input.is_full() && in8(port + line_status) & status_data_ready; any = true)
        input.put(static_cast<char>(in8(port + data)));
    return any;
}

class : public InterruptSink {
    void interrupt(uint32_t gsi) override {
        bool any = collect_input();
        end_of_interrupt(gsi);
        if (any && input_handler) input_handler();
    }
} uart_interrupt;

} // namespace

void init_uart(uint16_t wanted, uint32_t baud) {
    if (!wanted) return;
    Holding held(console_lock);
    out8(wanted + scratch, 0x5a);
    if (in8(wanted + scratch) != 0x5a) return; // nothing there
    port = uart_port_at_start = wanted;
    out8(port + interrupt_enable, 0);
    if (baud) {
        uint16_t divisor = static_cast<uint16_t>(115200 / baud);
        out8(port + line_control, 0x83); // divisor latch
        out8(port + data, static_cast<uint8_t>(divisor));
        out8(port + interrupt_enable, static_cast<uint8_t>(divisor >> 8));
    }
    out8(port + line_control, 0x03); // 8 bits, no parity, 1 stop bit
    // The FIFOs stay as they are: switching them on or off empties the receiver, which may hold what was typed or piped
    // in already.
    out8(port + modem_control, 0x0b); // DTR, RTS, OUT2 (interrupt gate)
}

void release_uart() {
    if (input_handler) unroute_line(uart_gsi());
    input_handler = nullptr;
    Holding held(console_lock);
    if (port) out8(port + interrupt_enable, 0);
    port = 0;
}

uint16_t uart_port() { return uart_port_at_start; }

void console_write(const char* text, size_t length) {
    Holding held(console_lock);
    for (size_t i = 0; i < length; ++i) {
        if (text[i] == '\n') put('\r');
        put(text[i]);
        output.put(text[i]);
    }
    if (output_is_announced) raise_work(this_cpu(), PendingWork::output);
}

void announce_output() { output_is_announced = true; }

size_t console_read(char* buffer, size_t size) {
    collect_input();
    Holding held(console_lock);
    return input.copy(input.oldest, buffer, size);
}

void enable_console_input(void (*handler)()) {
    if (!port || !route_line(uart_gsi(), uart_interrupt, CpuId(0)).ok()) return;
    input_handler = handler;
    Holding held(console_lock);
    if (port) out8(port + interrupt_enable, 1); // when input arrives
}

size_t read_console_ring(uint64_t& position, char* buffer, size_t size) {
    Holding held(console_lock);
    if (position < output.oldest || position > output.written) position = output.oldest;
    return output.copy(position, buffer, size);
}

void clear_console_ring() {
    Holding held(console_lock);
    output.oldest = output.written;
}

void break_console_lock() { new (&console_lock) Lock<LockRank::console>; }

} // namespace skerry
