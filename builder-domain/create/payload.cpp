// SPDX-License-Identifier: MIT
#include "builder-domain/create/payload.h"

namespace skerry::builder {

Result<Bytes> find_module(const ModuleSet& modules, std::string_view name, std::string_view key) {
    const Module* module = modules.find(name);
    if (!module) return Failure() << "there is no boot module `" << name << "` for its `" << key << "`";
    if (module->bytes.empty()) return Failure() << "the boot module `" << name << "` for its `" << key << "` is empty";
    return module->bytes;
}

Result<Payload> Payload::of(const DomainDescription& description, const ModuleSet& modules) {
    Payload payload;
    Bytes ramdisk;
    if (!description.ramdisk.empty()) {
        auto found = find_module(modules, description.ramdisk, "ramdisk");
        BUILDER_TRY(found);
        ramdisk = found.value();
    }
    if (description.loader.empty()) {
        if (!ramdisk.empty() && payload.pieces_.push(Piece{0, ramdisk, ramdisk.size()}))
            payload.bytes_ = ramdisk.size();
        return payload;
    }
    auto kernel = find_module(modules, description.kernel, "kernel");
    BUILDER_TRY(kernel);
    payload.bundled_ = true;
    payload.header_ = bundle::make_header(kernel.value().size(), ramdisk.size());
    payload.bytes_ = payload.header_.total_bytes;
    const auto& entries = payload.header_.entries;
    bool fits = payload.pieces_.push(Piece{entries[0].offset, kernel.value(), bundle::align_up(kernel.value().size())});
    if (!ramdisk.empty()) fits = fits && payload.pieces_.push(Piece{entries[1].offset, ramdisk, ramdisk.size()});
    if (!fits) return Failure() << "its bundle has too many pieces";
    return payload;
}

} // namespace skerry::builder
