// SPDX-License-Identifier: MIT
// The builder domain as the toolstack sees it (docs/control-plane.md). All functions throw Failure: `unavailable` when
// there is no builder or it was restarted in the middle, `refused` with the builder's own sentence when it says no.
#pragma once

#include "toolstack/domain/parts/hypervisor.h"

namespace skerry::toolstack {

struct BuilderImage {
    std::string name;
    std::uint64_t size = 0; ///< bytes
};

/// A complete, sealed, paused domain. Port 0: it has no such page.
struct BuiltDomain {
    DomainNumber id = 0;
    std::uint32_t console_port = 0, store_port = 0;
};

class Builder {
  public:
    virtual ~Builder() = default;
    virtual std::vector<BuilderImage> images() = 0;
    virtual void drop_image(const std::string& name) = 0;
    /// An upload: this once, then data until `size` bytes are there. Others may ask for other things in between.
    virtual void begin_image(const std::string& name, std::uint64_t size) = 0;
    static constexpr std::size_t most_data = 16384;
    virtual void image_data(std::string_view bytes) = 0;
    /// `section`: one [domain NAME] section of docs/platform-description.md.
    virtual BuiltDomain build(const std::string& section) = 0;
};

} // namespace skerry::toolstack
