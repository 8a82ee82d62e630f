// SPDX-License-Identifier: MIT
// Any bytes as a cpio archive of boot modules; every byte of every module found is read.
#include "builder-domain/modules/module_set.h"

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace skerry::builder;
    ModuleSet modules;
    (void)modules.add("modules.cpio", {reinterpret_cast<const std::byte*>(data), size});
    static volatile unsigned sum;
    for (const Module& module : modules.modules())
        for (std::byte byte : module.bytes) sum = sum + static_cast<unsigned>(byte);
    for (const Module& module : modules.modules())
        if (modules.find(module.name) == nullptr) std::abort();
    return 0;
}
