// SPDX-License-Identifier: MIT
// What happened to guests, for `skerry log`: the last lines, each with its time.
#pragma once

#include "toolstack/domain/base/clock.h"

#include <deque>
#include <string>

namespace skerry::toolstack {

class EventLog {
  public:
    struct Line {
        std::uint64_t wall_ns;
        std::string text;
    };
    /// `echo` gets each line too; it may be nullptr.
    EventLog(Clock& clock, void (*echo)(const std::string&)) : clock_(clock), echo_(echo) {}

    void note(std::string text) {
        if (echo_ != nullptr) echo_(text);
        if (lines_.size() == most_lines) lines_.pop_front();
        lines_.push_back({clock_.wall_ns(), std::move(text)});
    }
    const std::deque<Line>& lines() const { return lines_; }

  private:
    static constexpr std::size_t most_lines = 500;
    Clock& clock_;
    void (*echo_)(const std::string&);
    std::deque<Line> lines_;
};

} // namespace skerry::toolstack
