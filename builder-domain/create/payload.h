// SPDX-License-Identifier: MIT
// What travels in a domain's module, as opaque bytes: nothing, a ramdisk for a kernel that is started directly, or a
// bundle of the guest's own kernel and ramdisk for pv-boot (stubdoms/pv-boot/bundle.h). The builder never looks inside.
#pragma once

#include "builder-domain/description/description.h"
#include "builder-domain/modules/module_set.h"
#include "stubdoms/pv-boot/bundle.h"

namespace skerry::builder {

class Payload {
  public:
    struct Piece {
        uint64_t offset;
        Bytes bytes;
        uint64_t size; // with the zeros that follow
    };

    static Result<Payload> of(const DomainDescription& description, const ModuleSet& modules);

    uint64_t bytes() const { return bytes_; }
    // Calls write(piece) -> Status for each piece, by ascending offset; together they cover all bytes.
    template <typename Write> Status for_each_piece(Write write) const {
        if (bundled_)
            BUILDER_TRY(write(
                Piece{0, Bytes{reinterpret_cast<const std::byte*>(&header_), sizeof(header_)}, bundle::alignment}));
        for (const Piece& piece : pieces_) BUILDER_TRY(write(piece));
        return {};
    }

  private:
    bool bundled_ = false;
    bundle::BundleHeader header_{};
    FixedList<Piece, 2> pieces_;
    uint64_t bytes_ = 0;
};

// The module of that name, or a failure that names the domain's key.
Result<Bytes> find_module(const ModuleSet& modules, std::string_view name, std::string_view key);

} // namespace skerry::builder
