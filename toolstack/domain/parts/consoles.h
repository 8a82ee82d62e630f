// SPDX-License-Identifier: MIT
// The console domain as the toolstack sees it (docs/control-plane.md). Throws Failure as the builder does.
#pragma once

#include "toolstack/domain/parts/hypervisor.h"

#include <functional>

namespace skerry::toolstack {

/// Who is shown what a guest writes.
struct ConsoleViewer {
    std::function<void(std::string_view)> output;
    /// Nothing will follow: the guest is gone, or has another name. Called once, as `lost`: then it is no viewer any more.
    std::function<void()> ended;
    std::function<void()> lost; ///< the console domain was restarted
};

class Consoles {
  public:
    virtual ~Consoles() = default;
    /// `again`: the scroll-back goes on that the last guest of that name left.
    virtual void add(DomainNumber domain, std::uint32_t port, const std::string& name, bool again) = 0;
    virtual void remove(DomainNumber domain) = 0;
    virtual void rename(const std::string& name, const std::string& new_name) = 0;
    /// The last lines of a guest's scroll-back, or of that of the last guest of that name.
    virtual std::string log(const std::string& name, unsigned lines) = 0;
    virtual void attach(const std::string& name, ConsoleViewer viewer) = 0;
    virtual void detach(const std::string& name) = 0;
    /// The viewer gets what is left, and comes to its end; the guest, which has stopped, is still there.
    virtual void finish(const std::string& name) = 0;
    /// How many of the bytes the guest, or a queue before it, had room for.
    virtual std::size_t input(const std::string& name, std::string_view bytes) = 0;
    /// Who has the keyboard of the first serial line.
    virtual void show(const std::string& name) = 0;
};

} // namespace skerry::toolstack
