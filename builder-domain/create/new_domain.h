// SPDX-License-Identifier: MIT
// A domain in the making. It exists in the hypervisor, paused, from create() on; unless it is released to its life, it
// is destroyed with this object, so that building fails whole or succeeds whole.
#pragma once

#include "builder-domain/base/result.h"
#include "builder-domain/create/hypervisor.h"
#include "builder-domain/description/description.h"

namespace skerry::builder {

class NewDomain {
  public:
    explicit NewDomain(Hypervisor& hypervisor) : hypervisor_(hypervisor) {}
    ~NewDomain();
    NewDomain(const NewDomain&) = delete;
    NewDomain& operator=(const NewDomain&) = delete;

    // Makes the domain with its vCPUs and memory limit. `wanted`: the number it must get, or 0 for any.
    Status create(const DomainDescription& description, DomId wanted);
    DomId id() const { return id_; }

    // A port of the new domain for `remote` to bind to.
    Result<Port> offer_channel(DomId remote);

    // The domain keeps what it has and its life is somebody else's now.
    DomId release();

  private:
    Status tell_memory(uint64_t pages);

    Hypervisor& hypervisor_;
    DomId id_{0};
};

// The rest of a domain's life, as this builder sees it.
Status seal_domain(Hypervisor& hypervisor, DomId domain);
Status unpause_domain(Hypervisor& hypervisor, DomId domain);
// Also good when it is gone already.
Status destroy_domain(Hypervisor& hypervisor, DomId domain);

} // namespace skerry::builder
