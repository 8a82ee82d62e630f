// SPDX-License-Identifier: MIT
// The builder domain: first domain of the platform. Builds what the boot module `platform` describes, then stays to do
// what it says about domains that end. Everything it decides is in platform/; this file connects it to minios.
#include "builder-domain/platform/platform.h"
#include "builder-domain/xen/xen_hypervisor.h"
#include "builder-domain/xen/xen_surroundings.h"

#include <minios/minios.h>

namespace skerry::builder {
namespace {

// Consoles get this long to write out what a guest said last, before the machine goes off.
constexpr unsigned farewell_ms = 200;

// Too large for a stack.
ModuleSet modules;
XenSurroundings surroundings;

Status collect_modules() {
    for (const minios::Module& module : minios::modules())
        BUILDER_TRY(modules.add(module.command_line, {module.data, module.size}));
    return {};
}

Status build(Platform& platform) {
    BUILDER_TRY(collect_modules());
    BUILDER_TRY(platform.prepare());
    return platform.start();
}

int run() {
    static XenHypervisor hypervisor;
    static Platform platform(hypervisor, surroundings, modules);
    // Bound before anything can end.
    auto port = minios::events::bind_virtual_irq(VIRQ_DOM_EXC);
    if (!port) {
        minios::print("builder: FAILED: cannot listen to the end of domains: %s\n", minios::error_name(port.error()));
        return 1;
    }
    if (auto built = build(platform); !built.ok()) {
        auto text = built.failure().text();
        minios::print("builder: FAILED: %.*s\n", static_cast<int>(text.size()), text.data());
        return 1;
    }
    while (platform.look_after_domains() == Platform::Verdict::go_on) minios::events::wait(*port);
    surroundings.sleep_ms(farewell_ms);
    return 0;
}

} // namespace
} // namespace skerry::builder

int main(int, char**) { return skerry::builder::run(); }
