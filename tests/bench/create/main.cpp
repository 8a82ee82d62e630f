// SPDX-License-Identifier: MIT
// First domain that builds the boot module `child` again and again with the builder's own steps (builder-domain/create), and says when, by the TSC,
// it began and had built the child. The child's main says when it began on its console, which is shown here.
#include "builder-domain/create/contents.h"
#include "builder-domain/create/new_domain.h"
#include "builder-domain/modules/module_set.h"
#include "builder-domain/xen/xen_hypervisor.h"
#include "builder-domain/xen/xen_surroundings.h"

#include <minios/minios.h>

namespace skerry::builder {
namespace {

constexpr unsigned rounds = 5;
constexpr uint64_t memory_pages = 512; // 2 MiB

XenHypervisor* hypervisor;
XenSurroundings surroundings;

uint64_t read_tsc() { return __builtin_ia32_rdtsc(); }

bool has_ended(DomId domain) {
    xen_domctl_t question{};
    question.cmd = XEN_DOMCTL_getdomaininfo;
    question.domain = domain.value;
    return hypervisor->domctl(question) >= 0 && (question.u.getdomaininfo.flags & XEN_DOMINF_shutdown) != 0;
}

/// The same steps in the same order as the builder's (platform/start.cpp), of which the first makes the domain.
Status build(const Module& module, DomId& id) {
    DomainDescription description;
    description.name = "child";
    description.memory_pages = memory_pages;
    description.vcpus = 1;
    const uint64_t begun = read_tsc();
    NewDomain making(*hypervisor);
    BUILDER_TRY(making.create(description, DomId(0)));
    const auto port = making.plan_channel(DomId(0));
    auto image = read_pv_image(module.bytes);
    BUILDER_TRY(image);
    BUILDER_TRY(fill_domain(*hypervisor, making.id(),
                            {.image = image.value(),
                             .payload = {},
                             .cmdline = "SKERRY_LAYOUT=fixed",
                             .memory_pages = memory_pages,
                             .console = {.server = DomId(0), .port = port},
                             .store = {}}));
    BUILDER_TRY(seal_domain(*hypervisor, making.id()));
    BUILDER_TRY(making.offer_channels());
    BUILDER_TRY(surroundings.attach_console("child", making.id(), *port));
    const uint64_t built = read_tsc();
    BUILDER_TRY(unpause_domain(*hypervisor, making.id()));
    id = making.release();
    minios::print("create: begun %lu built %lu\n", begun, built);
    return {};
}

Status run(minios::Port ends) {
    const Module* module = nullptr;
    static ModuleSet modules;
    for (const minios::Module& given : minios::modules())
        BUILDER_TRY(modules.add(given.command_line, {given.data, given.size}));
    module = modules.find("child");
    if (module == nullptr) return Failure() << "no boot module `child`";
    for (unsigned round = 0; round < rounds; ++round) {
        minios::clock::sleep_ms(20); // the machine is at rest before: free memory is cleared then
        DomId id;
        BUILDER_TRY(build(*module, id));
        while (!has_ended(id)) minios::events::wait(ends);
        surroundings.detach_console(id);
        const uint64_t begun = read_tsc();
        BUILDER_TRY(destroy_domain(*hypervisor, id));
        minios::print("bench: domain_destroy %lu 1\n", read_tsc() - begun);
    }
    return {};
}

} // namespace
} // namespace skerry::builder

int main(int, char**) {
    using namespace skerry::builder;
    static XenHypervisor binding;
    hypervisor = &binding;
    auto ends = minios::events::bind_virtual_irq(VIRQ_DOM_EXC);
    if (!ends) return 1;
    if (auto done = run(*ends); !done.ok()) {
        auto text = done.failure().text();
        minios::print("create: FAILED: %.*s\n", static_cast<int>(text.size()), text.data());
        return 1;
    }
    minios::print("create: done\n");
    return 0;
}
