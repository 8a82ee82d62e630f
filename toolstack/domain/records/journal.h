// SPDX-License-Identifier: MIT
// What a new instance of the toolstack must know of the old one's life: records (records.h) in the state area.
#pragma once

#include <functional>
#include <string_view>

namespace skerry::toolstack {

class Journal {
  public:
    virtual ~Journal() = default;
    /// The record is kept when this returns. Throws Failure when there is no room.
    virtual void append(std::string_view record) = 0;
    /// Calls for each record, oldest first. Once, before the first append.
    virtual void replay(const std::function<void(std::string_view)>& record) = 0;
};

/// For platforms without a state area: a restarted toolstack knows nothing of its guests.
class NoJournal final : public Journal {
  public:
    void append(std::string_view) override {}
    void replay(const std::function<void(std::string_view)>&) override {}
};

} // namespace skerry::toolstack
