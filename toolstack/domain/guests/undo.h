// SPDX-License-Identifier: MIT
// Steps that are taken back, last one first, when a later one fails.
#pragma once

#include "toolstack/domain/base/event_log.h"
#include "toolstack/domain/base/failure.h"

#include <functional>
#include <vector>

namespace skerry::toolstack {

class Undo {
  public:
    void add(std::string what, std::function<void()> step) { steps_.push_back({std::move(what), std::move(step)}); }
    /// A step that cannot be taken back is noted; the others still are.
    void run(EventLog& log) {
        for (; !steps_.empty(); steps_.pop_back()) {
            try {
                steps_.back().step();
            } catch (const Failure& failure) {
                log.note("while undoing: " + steps_.back().what + ": " + failure.what());
            }
        }
    }

  private:
    struct Step {
        std::string what;
        std::function<void()> step;
    };
    std::vector<Step> steps_;
};

} // namespace skerry::toolstack
