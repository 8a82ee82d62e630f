// SPDX-License-Identifier: MIT
// Follows the hypervisor's log (XEN_SYSCTL_readconsole), for which this domain needs the right to read it. What was
// logged before start() has been on the terminal already and is passed over.
#pragma once

#include <minios/types.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace skerry::console {

class HypervisorLog {
  public:
    /// False: the right is missing, or there is no such log.
    bool start();
    bool available() const { return available_; }
    /// The last whole lines from before start().
    std::string_view last_lines() const { return {last_ + last_begin_, last_end_ - last_begin_}; }
    /// Those of them that came when the hypervisor had let go of the UART: nobody has seen them yet.
    std::string_view unseen_lines() const;
    /// Copies what is new; 0 when nothing is.
    std::size_t read(char* to, std::size_t most);

  private:
    bool available_ = false;
    std::uint32_t position_ = 0;
    char last_[1024];
    std::size_t last_begin_ = 0, last_end_ = 0;
};

} // namespace skerry::console
