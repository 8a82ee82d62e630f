// SPDX-License-Identifier: MIT
// The builder as a service: what its client asks for, one request at a time (the table in docs/control-plane.md).
#pragma once

#include "builder-domain/service/guests.h"
#include "builder-domain/service/image_store.h"

namespace skerry::builder {

class Requests {
  public:
    Requests(Hypervisor& hypervisor, ImageStore& images, const KnownDomains& known, DomId client)
        : hypervisor_(hypervisor), images_(images), known_(known), client_(client) {}

    // Does what a message asks and writes the answer. What could not be done has changed nothing.
    void serve(std::string_view message, TextWriter& answer);

  private:
    Status perform(std::string_view line, std::string_view body, TextWriter& answer);
    Status begin_image(std::string_view arguments);
    void list_images(TextWriter& answer) const;
    Status build(std::string_view section, TextWriter& answer);

    Hypervisor& hypervisor_;
    ImageStore& images_;
    const KnownDomains& known_;
    DomId client_;
};

} // namespace skerry::builder
