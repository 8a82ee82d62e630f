// SPDX-License-Identifier: MIT
#include "line.h"

#include "minios/kernel/internal.h"

#include <minios/ports.h>

namespace minios::debug::line {

namespace {

enum Register : unsigned {
    data,
    interrupt_enable,
    fifo_control,
    line_control,
    modem_control,
    line_status,
    modem_status,
    scratch
};
constexpr std::uint8_t data_ready = 0x01, transmitter_empty = 0x20, fifo_enable = 0x01, on_received = 0x01;
constexpr std::uint8_t terminal_ready = 0x01, request_to_send = 0x02, interrupt_gate = 0x08;
constexpr unsigned fifo_size = 16;

std::uint16_t base;
unsigned pirq;
evtchn_port_t port;

std::uint8_t in(unsigned reg) { return ports::in8(static_cast<std::uint16_t>(base + reg)); }
void out(unsigned reg, unsigned value) {
    ports::out8(static_cast<std::uint16_t>(base + reg), static_cast<std::uint8_t>(value));
}

bool present() {
    for (const unsigned pattern : {0x5au, 0xa5u}) {
        out(scratch, pattern);
        if (in(scratch) != pattern) return false;
    }
    return true;
}

bool bind(unsigned irq, void (*on_byte)()) {
    static void (*call)();
    call = on_byte;
    physdev_setup_gsi_t setup{};
    setup.gsi = static_cast<int>(irq);
    (void)hypercall::physdev_op(PHYSDEVOP_setup_gsi, &setup); // only who configures hardware may, and need, say so
    physdev_map_pirq map{};
    map.domid = DOMID_SELF;
    map.type = MAP_PIRQ_TYPE_GSI;
    map.index = map.pirq = static_cast<int>(irq);
    if (hypercall::physdev_op(PHYSDEVOP_map_pirq, &map) < 0) return false;
    pirq = static_cast<unsigned>(map.pirq);
    auto bound = events::bind_physical_irq(pirq, false);
    if (!bound) return false;
    port = bound->value;
    events::set_handler(
        *bound, [](Port, void*) { call(); }, nullptr);
    return true;
}

} // namespace

bool open(std::uint16_t at, unsigned irq, void (*on_byte)()) {
    base = at;
    if (!ports::enable() || !present() || !bind(irq, on_byte)) return false;
    out(fifo_control, fifo_enable);
    out(modem_control, terminal_ready | request_to_send | interrupt_gate);
    out(interrupt_enable, on_received);
    return true;
}

bool has_byte() { return (in(line_status)&data_ready) != 0; }

bool take_interrupt() {
    auto* word = reinterpret_cast<std::uint64_t*>(&minios_shared_info.evtchn_pending[port / 64]);
    const std::uint64_t bit = 1ull << (port % 64);
    if ((__atomic_fetch_and(word, ~bit, __ATOMIC_SEQ_CST) & bit) == 0) return false;
    (void)events::eoi(pirq);
    return true;
}

namespace {

/// Until the interrupt comes, which is an edge: what is there must have been read before. `deadline` in system time; 0:
/// none.
void sleep_until_interrupt(std::uint64_t deadline) {
    sched_poll_t poll{};
    set_xen_guest_handle(poll.ports, &port);
    poll.nr_ports = 1;
    poll.timeout = deadline;
    (void)hypercall::sched_op(SCHEDOP_poll, &poll);
    (void)take_interrupt();
}

} // namespace

bool wait(std::uint64_t nanoseconds) {
    const std::uint64_t deadline = clock::now_ns() + nanoseconds;
    while (!has_byte()) {
        if (clock::now_ns() >= deadline) return false;
        sleep_until_interrupt(deadline);
    }
    return true;
}

char get() {
    while (!has_byte()) sleep_until_interrupt(0);
    return static_cast<char>(in(data));
}

void put(std::string_view bytes) {
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        while (i % fifo_size == 0 && (in(line_status)&transmitter_empty) == 0)
            (void)hypercall::sched_op(SCHEDOP_yield, nullptr);
        out(data, static_cast<std::uint8_t>(bytes[i]));
    }
}

} // namespace minios::debug::line
