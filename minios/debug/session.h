// SPDX-License-Identifier: MIT
// The conversation: one packet in, one answer out, while the program stands. What the packets mean is in the GDB
// manual, appendix "GDB Remote Serial Protocol". What we do not know is answered with an empty packet, as it wants.
#pragma once

#include "reply.h"
#include "scanner.h"
#include "target.h"

#include <optional>

namespace minios::debug {

/// Signals as GDB numbers them.
enum class Signal : std::uint8_t {
    interrupt = 2,
    illegal = 4,
    trap = 5,
    abort = 6,
    arithmetic = 8,
    kill = 9,
    bus = 10,
    segment = 11,
};

/// Why the program stands.
struct Stop {
    Signal signal = Signal::trap;
    std::optional<target::Stopper> stopper = {};
    std::uint64_t watched = 0; ///< the address that a watchpoint saw used
};

/// What is to happen after a packet.
enum class Next {
    answer,       ///< send the reply
    run,          ///< until the program stops again
    step,         ///< one instruction
    take_signal,  ///< the program goes on with the signal that stopped it, as if nobody had looked
    run_detached, ///< send the reply; nobody looks any more
    end_program,  ///< send the reply, if there is one
};

class Session {
  public:
    /// The program stopped. The answer to the packet that let it run, if there was one, is write_stop().
    void stopped(const Stop& stop);
    void write_stop(Reply& reply) const;
    Next handle(std::string_view packet, Reply& reply);
    /// Neither side acknowledges packets any more.
    bool without_acknowledgements() const { return silent_; }

  private:
    Next query(Scanner packet, Reply& reply);
    void list_threads(Reply& reply);
    Next choose_thread(Scanner packet, Reply& reply);
    Next resume(char kind, Scanner packet, Reply& reply);
    Next resume_by_thread(Scanner packet, Reply& reply);
    Next go_on(bool steps, std::uint64_t signal) const;
    Next change_stopper(bool set, Scanner packet, Reply& reply);

    Stop stop_;
    unsigned looked_at_ = 0; ///< whose registers g and p read
    unsigned resumed_ = 0;   ///< which one `s` steps; 0: the one that runs
    unsigned listed_ = 0;    ///< qsThreadInfo goes on behind it
    bool silent_ = false;
};

} // namespace minios::debug
