// SPDX-License-Identifier: MIT
#include "builder-domain/xen/console_reader.h"

#include <minios/minios.h>
#include <xen/io/console.h>

namespace skerry::builder {

Status ConsoleReader::attach(std::string_view name, DomId domain, Port remote) {
    auto page =
        minios::grants::MappedGrant::map(domain, minios::GrantRef(GNTTAB_RESERVED_CONSOLE), minios::Access::read_write);
    if (!page) return Failure() << "mapping its console page: " << minios::error_name(page.error());
    auto port = minios::events::bind_interdomain(domain, remote);
    if (!port) return Failure() << "binding to its console: " << minios::error_name(port.error());
    name_ = name;
    domain_ = domain;
    port_ = *port;
    page_ = static_cast<minios::grants::MappedGrant&&>(*page);
    length_ = 0;
    minios::events::set_handler(port_, handle_event, this);
    return {};
}

void ConsoleReader::detach() {
    drain();
    end_line();
    minios::events::close(port_);
    page_.unmap();
}

void ConsoleReader::drain() {
    auto* ring = static_cast<xencons_interface*>(page_.data());
    uint32_t produced = __atomic_load_n(&ring->out_prod, __ATOMIC_ACQUIRE);
    uint32_t consumed = __atomic_load_n(&ring->out_cons, __ATOMIC_RELAXED);
    if (produced - consumed > sizeof(ring->out)) consumed = produced; // nonsense: skip it
    if (produced == consumed) return;
    while (consumed != produced) {
        take(__atomic_load_n(&ring->out[MASK_XENCONS_IDX(consumed, ring->out)], __ATOMIC_RELAXED));
        ++consumed;
    }
    __atomic_store_n(&ring->out_cons, consumed, __ATOMIC_RELEASE);
    (void)minios::events::notify(port_); // its writer may wait for room; if it has gone, nobody does
}

void ConsoleReader::take(char character) {
    if (character == '\n' || length_ == longest_line) end_line();
    if (character == '\n' || character == '\r') return;
    bool printable = character >= ' ' && character <= '~';
    line_[length_++] = printable || character == '\t' ? character : '.';
}

void ConsoleReader::end_line() {
    if (length_ == 0) return;
    minios::print("%.*s: %.*s\n", static_cast<int>(name_.size()), name_.data(), static_cast<int>(length_), line_);
    length_ = 0;
}

} // namespace skerry::builder
