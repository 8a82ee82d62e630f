// SPDX-License-Identifier: MIT
// The console domain as the toolstack sees it (docs/control-plane.md). Throws Failure as the builder does.
#pragma once

#include "toolstack/domain/hypervisor.h"

#include <functional>

namespace skerry::toolstack {

class Consoles {
  public:
    virtual ~Consoles() = default;
    virtual void add(DomainNumber domain, std::uint32_t port, const std::string& name) = 0;
    virtual void remove(DomainNumber domain) = 0;
    /// The last lines of a guest's scroll-back.
    virtual std::string log(const std::string& name, unsigned lines) = 0;
    /// From now on `output` gets what the guest writes. `lost` is called, once, when the console domain was restarted:
    /// then nothing is attached any more.
    virtual void attach(const std::string& name, std::function<void(std::string_view)> output,
                        std::function<void()> lost) = 0;
    virtual void detach(const std::string& name) = 0;
    virtual void input(const std::string& name, std::string_view bytes) = 0;
    /// Who has the keyboard of the first serial line.
    virtual void show(const std::string& name) = 0;
};

} // namespace skerry::toolstack
