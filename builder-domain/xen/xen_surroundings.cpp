// SPDX-License-Identifier: MIT
#include "builder-domain/xen/xen_surroundings.h"

#include <minios/minios.h>

namespace skerry::builder {

void XenSurroundings::say(std::string_view line) {
    minios::print("builder: %.*s\n", static_cast<int>(line.size()), line.data());
}

void XenSurroundings::sleep_ms(unsigned duration) { minios::clock::sleep_ms(duration); }

uint64_t XenSurroundings::now_us() { return minios::clock::now_ns() / 1000; }

Result<Port> XenSurroundings::bind(DomId domain, Port remote) {
    auto port = minios::events::bind_interdomain(domain, remote);
    if (!port) return Failure() << "binding to its channel: " << minios::error_name(port.error());
    return *port;
}

void XenSurroundings::notify(Port port) {
    // It fails only when the service has gone, and then nobody needs to know.
    (void)minios::events::notify(port);
}

void XenSurroundings::close(Port port) { minios::events::close(port); }

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
