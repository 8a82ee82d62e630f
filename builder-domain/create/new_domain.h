// SPDX-License-Identifier: MIT
// A domain in the making. It exists in the hypervisor, paused, from create() on; unless it is released to its life, it
// is destroyed with this object, so that building fails whole or succeeds whole.
#pragma once

#include "builder-domain/base/result.h"
#include "builder-domain/create/hypervisor.h"
#include "builder-domain/description/description.h"

#include <optional>

namespace skerry::builder {

class NewDomain {
  public:
    static constexpr size_t most_channels = max_channels + 3; // of the description; console, store, control

    explicit NewDomain(Hypervisor& hypervisor) : hypervisor_(hypervisor) {}
    ~NewDomain();
    NewDomain(const NewDomain&) = delete;
    NewDomain& operator=(const NewDomain&) = delete;

    // Makes the domain with its vCPUs and memory limit. `wanted`: the number it must get, or 0 for any.
    Status create(const DomainDescription& description, DomId wanted);
    DomId id() const { return id_; }

    // An event channel that `remote` may bind to: its port in the new domain, which gets them from 1 on in the order of
    // these calls. None: there are too many.
    std::optional<Port> plan_channel(DomId remote);
    // Makes them. When the domain is sealed: a service that finds a channel maps its page, and what is mapped cannot be
    // sealed.
    Status offer_channels();

    // The domain keeps what it has and its life is somebody else's now.
    DomId release();

  private:
    Status tell_memory(uint64_t pages);

    Hypervisor& hypervisor_;
    DomId id_{0};
    FixedList<DomId, most_channels> remotes_; // of the channels planned
};

// The rest of a domain's life, as this builder sees it.
Status seal_domain(Hypervisor& hypervisor, DomId domain);
Status unpause_domain(Hypervisor& hypervisor, DomId domain);
// Also good when it is gone already.
Status destroy_domain(Hypervisor& hypervisor, DomId domain);

} // namespace skerry::builder
