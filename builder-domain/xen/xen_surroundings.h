// SPDX-License-Identifier: MIT
// Surroundings on minios: the hypervisor's console, time, event channels, and the consoles of `console = founder`.
#pragma once

#include "builder-domain/base/fixed_list.h"
#include "builder-domain/description/description.h"
#include "builder-domain/platform/surroundings.h"
#include "builder-domain/xen/console_reader.h"

#include <minios/threads.h>

namespace skerry::builder {

class XenSurroundings final : public Surroundings {
  public:
    void say(std::string_view line) override;
    void sleep_ms(unsigned duration) override;
    void wait_for_ring(unsigned most_ms) override;
    uint64_t now_us() override;
    Result<Port> bind(DomId domain, Port remote) override;
    void notify(Port port) override;
    void close(Port port) override;
    Result<StateArea> lend_state(DomId domain, uint64_t pages) override;
    Status attach_console(std::string_view name, DomId domain, Port remote) override;
    void detach_console(DomId domain) override;

  private:
    static void on_ring(Port, void* surroundings);

    bool rung_ = false;
    minios::WaitQueue ring_;
    ConsoleReader readers_[max_domains];
};

} // namespace skerry::builder
