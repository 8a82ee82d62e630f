// SPDX-License-Identifier: MIT
// Signals of the one process. A handler runs on the thread that takes the signal, when that thread waits, yields, unblocks the signal or
// sends it itself: nothing interrupts a thread that computes. A fault is no signal: it ends the domain.
#pragma once

#include "signal_queue.h"
#include "thread_block.h"

namespace minios::libc {

/// SIGKILL and SIGSTOP are always taken, and always end the domain.
inline constexpr sigset_t cannot_be_blocked = bit_of(SIGKILL) | bit_of(SIGSTOP);

/// What handle_signals() did. `only_restarting`: each handler that ran has SA_RESTART.
enum class Handled { nothing, only_restarting, interrupting };

/// Those sent to the process.
extern SignalQueue signals_of_process;

/// All that wait for the calling thread, blocked or not.
inline sigset_t pending_signals() {
    const ThreadBlock& self = this_thread();
    return self.signals.set() | (self.takes_signals ? signals_of_process.set() : 0);
}
Handled handle_waiting_signals();
/// Runs the handlers of the signals that wait for the calling thread and that it does not block. The default action of a signal that is not
/// ignored ends the domain.
inline Handled handle_signals() {
    if ((pending_signals() & ~this_thread().blocked_signals) == 0) [[likely]]
        return Handled::nothing;
    return handle_waiting_signals();
}

/// Sends one to the process or to a thread: it waits until that thread, or one that does not block it, takes it. May be called by event
/// handlers. 0, -EINVAL, or -EAGAIN: too many are queued.
int post_signal(const siginfo_t& info);
int post_signal(ThreadBlock& thread, const siginfo_t& info);
/// A timer's, to the process, which is not queued already. False: it is ignored.
bool post_timer_signal(QueuedSignal& signal);
/// The timer is gone, and its signal with it.
void forget_timer_signal(QueuedSignal& signal);

/// Takes the lowest of `wanted` that waits for the calling thread; false: none.
bool take_signal(sigset_t wanted, siginfo_t& info);
/// Changes the calling thread's mask and returns what it was. Signals that are no longer blocked are not handled yet.
sigset_t set_signal_mask(sigset_t blocked);

/// The calling thread takes signals sent to the process (every pthread does; threads of the kernel's API do not).
void take_part_in_signals(sigset_t blocked);

} // namespace minios::libc
