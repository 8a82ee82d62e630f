// SPDX-License-Identifier: MIT
#include "toolstack/domain/xen/serial_transport.h"

#include <minios/clock.h>
#include <minios/console.h>

namespace skerry::toolstack {
namespace {

constexpr std::uint64_t poll_interval = 5'000'000; // nanoseconds, without an interrupt

/// Bytes from and to somebody else's memory, as the UART wants its queues.
struct Sink {
    char* to;
    std::size_t size, count = 0;
    std::size_t room() const { return size - count; }
    void put(char c) { to[count++] = c; }
};
struct Source {
    std::string_view bytes;
    std::size_t count = 0;
    bool empty() const { return count == bytes.size(); }
    char front() const { return bytes[count]; }
    void pop() { ++count; }
};

} // namespace

bool SerialTransport::start(int irq) {
    if (auto result = minios::ports::enable(); !result)
        minios::print("toolstack: no I/O privilege: %s\n", minios::error_name(result.error()));
    is_there_ = uart_.start();
    if (!is_there_) return false;
    uart_.use_for_bulk();
    if (irq >= 0) {
        if (auto result = line_.start(static_cast<unsigned>(irq), on_interrupt, this); !result)
            minios::print("toolstack: no interrupt %d (%s): polling the serial line\n", irq,
                          minios::error_name(result.error()));
    }
    return true;
}

std::size_t SerialTransport::read(char* to, std::size_t size) {
    Sink sink{to, size};
    while (is_there_ && sink.room() > 0 && uart_.receive(sink)) {}
    return sink.count;
}

std::size_t SerialTransport::write(std::string_view bytes) {
    if (!is_there_) return bytes.size();
    Source source{bytes};
    (void)uart_.transmit(source);
    return source.count;
}

void SerialTransport::wait(bool to_write, std::uint64_t deadline_ns) {
    if (is_there_) uart_.interrupt_on(line_.started(), line_.started() && to_write);
    if (line_.started()) {
        // The line is edge-triggered: it must have been seen inactive before the wait.
        if (uart_.interrupt_asserted()) return;
        if (interrupted_) {
            interrupted_ = false;
            line_.end();
        }
    } else if (is_there_) {
        const std::uint64_t poll = minios::clock::now_ns() + poll_interval;
        if (deadline_ns == 0 || poll < deadline_ns) deadline_ns = poll;
    }
    if (!woken_ && !interrupted_) (void)waiting_.wait(deadline_ns);
    woken_ = false;
}

void SerialTransport::wake() {
    woken_ = true;
    waiting_.wake_all();
}

void SerialTransport::on_interrupt(minios::Port, void* self) {
    auto* transport = static_cast<SerialTransport*>(self);
    transport->interrupted_ = true;
    transport->waiting_.wake_all();
}

} // namespace skerry::toolstack
