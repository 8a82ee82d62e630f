// SPDX-License-Identifier: MIT
#include <minios/backends/service_page.h>
#include <minios/hypercall.h>

namespace minios::backends {

Result<void> ServicePage::attach(const GuestAddress& guest, GrantRef entry, events::Handler handler, void* context) {
    detach();
    // The channel first: it is offered when the domain may be looked at, and sealing it fails while its page is mapped.
    auto port = events::bind_interdomain(guest.domain, guest.remote_port);
    if (!port) return port.error();
    auto page = grants::MappedGrant::map(guest.domain, entry, Access::read_write);
    if (!page) {
        events::close(*port);
        return page.error();
    }
    page_ = static_cast<grants::MappedGrant&&>(*page);
    port_ = *port;
    events::set_handler(port_, handler, context);
    return {};
}

void ServicePage::detach() {
    if (!attached()) return;
    events::close(port_);
    page_.unmap();
    port_ = Port{};
}

bool ServicePage::peer_present() const {
    evtchn_status_t status{};
    status.dom = DOMID_SELF;
    status.port = port_.value;
    return attached() && hypercall::event_channel_op(EVTCHNOP_status, &status) == 0 &&
           status.status == EVTCHNSTAT_interdomain;
}

} // namespace minios::backends
