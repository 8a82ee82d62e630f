// SPDX-License-Identifier: MIT
#include "builder-domain/platform/platform.h"
#include "builder-domain/roles.h"
#include "builder-domain/xen/xen_hypervisor.h"
#include "builder-domain/xen/xen_surroundings.h"

#include <minios/minios.h>

namespace skerry::builder {
namespace {

// How long after one that could not be built again is tried once more.
constexpr uint64_t retry_ns = 1'000'000'000;

// Consoles get this long to write out what a guest said last, before the machine goes off.
constexpr unsigned farewell_ms = 200;

XenSurroundings surroundings; // too large for a stack

} // namespace

int run_founder(const ModuleSet& images) {
    static XenHypervisor hypervisor;
    static Platform platform(hypervisor, surroundings, images);
    // Bound before anything can end.
    auto port = minios::events::bind_virtual_irq(VIRQ_DOM_EXC);
    if (!port) {
        minios::print("founder: FAILED: cannot listen to the end of domains: %s\n", minios::error_name(port.error()));
        return 1;
    }
    auto build = [&]() -> Status {
        BUILDER_TRY(platform.prepare());
        return platform.start();
    };
    if (auto built = build(); !built.ok()) {
        auto text = built.failure().text();
        minios::print("founder: FAILED: %.*s\n", static_cast<int>(text.size()), text.data());
        return 1;
    }
    while (platform.look_after_domains() == Platform::Verdict::go_on)
        minios::events::wait(*port, platform.is_one_missing() ? minios::clock::now_ns() + retry_ns : 0);
    surroundings.sleep_ms(farewell_ms);
    return 0;
}

} // namespace skerry::builder
