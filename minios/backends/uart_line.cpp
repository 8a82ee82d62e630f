// SPDX-License-Identifier: MIT
#include <minios/backends/uart_line.h>

#include <minios/hypercall.h>

namespace minios::backends {

Result<void> InterruptLine::start(unsigned gsi, events::Handler handler, void* context) {
    // Edge, active high: an ISA interrupt. Only a domain that configures hardware may (and need) say so.
    physdev_setup_gsi_t setup{};
    setup.gsi = static_cast<int>(gsi);
    (void)hypercall::physdev_op(PHYSDEVOP_setup_gsi, &setup);

    physdev_map_pirq map{};
    map.domid = DOMID_SELF;
    map.type = MAP_PIRQ_TYPE_GSI;
    map.index = static_cast<int>(gsi);
    map.pirq = static_cast<int>(gsi);
    if (const long result = hypercall::physdev_op(PHYSDEVOP_map_pirq, &map); result < 0) return error_of(result);
    auto port = events::bind_physical_irq(static_cast<unsigned>(map.pirq), false);
    if (!port) return port.error();
    pirq_ = static_cast<unsigned>(map.pirq);
    started_ = true;
    events::set_handler(*port, handler, context);
    return {};
}

} // namespace minios::backends
