// SPDX-License-Identifier: MIT
// Looks after guests that end: whenever somebody says that domains came or went, and now and then in any case.
#pragma once

#include "toolstack/domain/guests/guests.h"

#include <thread>

namespace skerry::toolstack {

class Caretaker {
  public:
    Caretaker(Platform& platform, Guests& guests) : platform_(platform), guests_(guests), thread_([this] { run(); }) {}
    ~Caretaker() {
        {
            const auto lock = platform_.monitor.enter();
            leaving_ = true;
            platform_.monitor.changed();
        }
        thread_.join();
    }

  private:
    static constexpr std::uint64_t interval = 5 * second;

    void run() {
        const auto lock = platform_.monitor.enter();
        while (true) {
            (void)platform_.monitor.wait(platform_.clock, platform_.clock.now_ns() + interval,
                                         [&] { return leaving_ || guests_.look_wanted(); });
            if (leaving_) return;
            try {
                guests_.look_after();
            } catch (const Failure& failure) {
                platform_.log.note(std::string("looking after guests: ") + failure.what());
            }
        }
    }

    Platform& platform_;
    Guests& guests_;
    bool leaving_ = false;
    std::thread thread_;
};

} // namespace skerry::toolstack
