// SPDX-License-Identifier: MIT
// A channel to another domain of the platform (docs/control-plane.md): whole messages both ways, in order.
#pragma once

#include <functional>
#include <string_view>

namespace skerry::toolstack {

class ChannelStream {
  public:
    virtual ~ChannelStream() = default;
    /// Counts the connections that there have been: 0 before the first. What was sent on an earlier one is lost.
    virtual unsigned connection() const = 0;
    virtual bool connected() const = 0;
    /// False: no room now.
    virtual bool send(std::string_view message) = 0;
    /// `message`: one came. `changed`: there may be room, or connected() or connection() changed. Both are called with
    /// the monitor held.
    virtual void listen(std::function<void(std::string_view)> message, std::function<void()> changed) = 0;
};

} // namespace skerry::toolstack
