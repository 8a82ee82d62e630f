// SPDX-License-Identifier: MIT
// Any text is either a description, whose promises then hold, or refused with a sentence.
#include "builder-domain/description/parser.h"

#include <cstdlib>
#include <memory>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    using namespace skerry::builder;
    static auto description = std::make_unique<PlatformDescription>();
    std::string_view text(reinterpret_cast<const char*>(data), size);
    if (auto parsed = parse_description(text, *description); !parsed.ok()) {
        if (parsed.failure().text().empty()) std::abort();
        return 0;
    }
    for (const DomainDescription& domain : description->domains) {
        bool services_exist =
            domain.console.index < description->domains.size() && domain.store.index < description->domains.size();
        if (domain.name.empty() || domain.image().empty() || domain.memory_pages == 0 || domain.vcpus == 0 ||
            domain.vcpus > max_vcpus || !services_exist)
            std::abort();
    }
    return 0;
}
