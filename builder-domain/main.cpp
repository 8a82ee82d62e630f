// SPDX-License-Identifier: MIT
// One program, two roles. As the first domain it is the founder: builds what the boot module `platform` describes and
// stays to look after it. As any other domain it is the builder service: builds the guests that the toolstack asks for.
#include "builder-domain/roles.h"

#include <minios/minios.h>

namespace skerry::builder {
namespace {

ModuleSet images; // too large for a stack

Status collect_images() {
    // The service's one module is an archive, whose name is not passed on.
    for (const minios::Module& module : minios::modules())
        BUILDER_TRY(images.add(module.command_line, {module.data, module.size}));
    return {};
}

} // namespace
} // namespace skerry::builder

int main(int argc, char** argv) {
    using namespace skerry::builder;
    if (auto collected = collect_images(); !collected.ok()) {
        auto text = collected.failure().text();
        minios::print("%s: FAILED: %.*s\n", minios::is_first_domain() ? "founder" : "builder",
                      static_cast<int>(text.size()), text.data());
        return 1;
    }
    return minios::is_first_domain() ? run_founder(images)
                                     : run_service(images, {argv + 1, static_cast<size_t>(argc - 1)});
}
