// SPDX-License-Identifier: MIT
// What the platform's life takes besides building: telling the operator, waiting, and the builder's own ends of event
// channels. An interface for the same reason as Hypervisor.
#pragma once

#include "builder-domain/base/result.h"
#include "builder-domain/create/hypervisor.h"

namespace skerry::builder {

// Pages of the builder's that it lent to a domain's number, and that outlive the domain.
struct StateArea {
    uint32_t
        reference; // grant of the first index page, those of further ones follow; they hold the references of all pages, in order
    uint64_t pages;
};

class Surroundings {
  public:
    // One line for the operator, without its end.
    virtual void say(std::string_view line) = 0;
    virtual void sleep_ms(unsigned duration) = 0;
    // Until a domain rings at a bound port, or for so long. One that rang since the last wait counts.
    virtual void wait_for_ring(unsigned most_ms) = 0;
    virtual uint64_t now_us() = 0; // since the hypervisor started

    // The builder's end of a channel that `domain` offered it.
    virtual Result<Port> bind(DomId domain, Port remote) = 0;
    virtual void notify(Port port) = 0;
    virtual void close(Port port) = 0;

    // Cleared pages, never taken back.
    virtual Result<StateArea> lend_state(DomId domain, uint64_t pages) = 0;

    // Shows what a domain with `console = founder` writes, through grant entry 0 and the port it offered.
    virtual Status attach_console(std::string_view name, DomId domain, Port remote) = 0;
    virtual void detach_console(DomId domain) = 0;

  protected:
    ~Surroundings() = default;
};

} // namespace skerry::builder
