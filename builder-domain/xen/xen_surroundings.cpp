// SPDX-License-Identifier: MIT
#include "builder-domain/xen/xen_surroundings.h"

#include <minios/minios.h>

#include <cstring>

namespace skerry::builder {

void XenSurroundings::say(std::string_view line) {
    minios::print("founder: %.*s\n", static_cast<int>(line.size()), line.data());
}

void XenSurroundings::sleep_ms(unsigned duration) { minios::clock::sleep_ms(duration); }

void XenSurroundings::wait_for_ring(unsigned most_ms) {
    const uint64_t deadline = minios::clock::now_ns() + uint64_t{most_ms} * 1'000'000;
    while (!rung_ && ring_.wait(deadline)) {}
    rung_ = false;
}

void XenSurroundings::on_ring(Port, void* surroundings) {
    auto* self = static_cast<XenSurroundings*>(surroundings);
    self->rung_ = true;
    self->ring_.wake_all();
}

uint64_t XenSurroundings::now_us() { return minios::clock::now_ns() / 1000; }

Result<Port> XenSurroundings::bind(DomId domain, Port remote) {
    auto port = minios::events::bind_interdomain(domain, remote);
    if (!port) return Failure() << "binding to its channel: " << minios::error_name(port.error());
    minios::events::set_handler(*port, on_ring, this);
    return *port;
}

void XenSurroundings::notify(Port port) {
    // It fails only when the service has gone, and then nobody needs to know.
    (void)minios::events::notify(port);
}

void XenSurroundings::close(Port port) { minios::events::close(port); }

Result<StateArea> XenSurroundings::lend_state(DomId domain, uint64_t pages) {
    auto lend = [&](void* page, minios::Access access) -> Result<uint32_t> {
        auto reference = minios::grants::lend(domain, minios::pages::mfn_of(page), access);
        if (!reference) return Failure() << "lending it its state area: " << minios::error_name(reference.error());
        return reference->value;
    };
    constexpr uint64_t per_page = minios::page_size / sizeof(uint32_t);
    const uint64_t index_pages = (pages + per_page - 1) / per_page;
    auto* memory = static_cast<std::byte*>(minios::pages::allocate(index_pages + pages));
    if (!memory) return Failure() << "its state area of " << pages * 4 << "K: no memory";
    std::memset(memory, 0, (index_pages + pages) * minios::page_size);
    auto* index = reinterpret_cast<uint32_t*>(memory);
    for (uint64_t i = 0; i < pages; ++i) {
        auto reference = lend(memory + (index_pages + i) * minios::page_size, minios::Access::read_write);
        BUILDER_TRY(reference);
        index[i] = reference.value();
    }
    // References of index pages are consecutive: the domain is told the first.
    uint32_t first = 0;
    for (uint64_t i = 0; i < index_pages; ++i) {
        auto reference = lend(memory + i * minios::page_size, minios::Access::read_only);
        BUILDER_TRY(reference);
        if (i == 0) first = reference.value();
        if (reference.value() != first + i) return Failure() << "its state area's index pages got scattered grants";
    }
    return StateArea{first, pages};
}

Status XenSurroundings::attach_console(std::string_view name, DomId domain, Port remote) {
    for (ConsoleReader& reader : readers_)
        if (!reader.attached()) return reader.attach(name, domain, remote);
    return Failure() << "attaching its console: no reader is free";
}

void XenSurroundings::detach_console(DomId domain) {
    for (ConsoleReader& reader : readers_)
        if (reader.attached() && reader.domain() == domain) reader.detach();
}

} // namespace skerry::builder
