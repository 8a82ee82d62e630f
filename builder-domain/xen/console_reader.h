// SPDX-License-Identifier: MIT
// Shows what a domain with `console = founder` writes to its console ring (xen/io/console.h), line by line behind its
// name. Meant for service domains that come before the console domain, and for tests. The ring's writer is not trusted:
// indices are read once and bounded, bytes are only printed, and what cannot be printed becomes a dot.
#pragma once

#include "builder-domain/base/result.h"
#include "builder-domain/create/hypervisor.h"

#include <minios/grants.h>

namespace skerry::builder {

class ConsoleReader {
  public:
    Status attach(std::string_view name, DomId domain, Port remote);
    void detach();
    bool attached() const { return static_cast<bool>(page_); }
    DomId domain() const { return domain_; }

  private:
    static void handle_event(Port, void* reader) { static_cast<ConsoleReader*>(reader)->drain(); }
    void drain();
    void take(char character);
    void end_line();

    static constexpr size_t longest_line = 200;

    std::string_view name_;
    DomId domain_;
    Port port_;
    minios::grants::MappedGrant page_;
    char line_[longest_line];
    size_t length_ = 0;
};

} // namespace skerry::builder
