// SPDX-License-Identifier: MIT
// How signals find their thread and what they do there.
#include "signals.h"

#include "result.h"

#include <minios/start.h>

#include <unistd.h>

namespace minios::libc {

SignalQueue signals_of_process;

namespace {

struct sigaction actions[most_signals]; // zero is SIG_DFL

bool ignored_by_default(int signal) {
    return signal == SIGCHLD || signal == SIGURG || signal == SIGCONT || signal == SIGWINCH;
}
bool ignored(int signal) {
    const auto handler = actions[signal].sa_handler;
    return handler == SIG_IGN || (handler == SIG_DFL && ignored_by_default(signal));
}

/// Does this thread not wait for signals, nor let them in?
bool shuts_out(const ThreadBlock& thread, int signal) {
    return (thread.blocked_signals & bit_of(signal)) != 0 && (thread.awaited_signals & bit_of(signal)) == 0;
}

template <class Act> void for_each_thread(Act act) {
    for (pthread_t id = 1; id <= highest_thread_id(); ++id)
        if (ThreadBlock* thread = find_thread(id); thread != nullptr && !thread->ended) act(*thread);
}

/// Who should take a signal to the process: the calling thread if it can, else one that waits for it, else any.
ThreadBlock* choose(int signal) {
    ThreadBlock* best = nullptr;
    for_each_thread([&](ThreadBlock& thread) {
        if (!thread.takes_signals || shuts_out(thread, signal)) return;
        const bool awaits = (thread.awaited_signals & bit_of(signal)) != 0;
        if (best == nullptr || &thread == &this_thread() || (awaits && best != &this_thread())) best = &thread;
    });
    return best;
}

void poke(ThreadBlock* thread) {
    if (thread != nullptr && thread->thread != nullptr) threads::interrupt(*thread->thread);
}

/// An ignored signal is forgotten at once, unless somebody may be waiting for it with sigwait().
bool forgotten(int signal, const ThreadBlock* taker) {
    return ignored(signal) && taker != nullptr && (taker->blocked_signals & bit_of(signal)) == 0;
}

[[noreturn]] void end_by(int signal) { panic("ended by signal %d%s", signal, signal == SIGABRT ? " (abort)" : ""); }

/// With the signal, and what its action says, blocked meanwhile.
void call_handler(ThreadBlock& thread, siginfo_t& info) {
    const int signal = info.si_signo;
    const struct sigaction action = actions[signal];
    if ((action.sa_flags & SA_RESETHAND) != 0) actions[signal].sa_handler = SIG_DFL;
    const sigset_t before = thread.blocked_signals, own = (action.sa_flags & SA_NODEFER) != 0 ? 0 : bit_of(signal);
    const int error = errno;
    (void)set_signal_mask(before | action.sa_mask | own);
    if ((action.sa_flags & SA_SIGINFO) != 0)
        action.sa_sigaction(signal, &info, nullptr);
    else
        action.sa_handler(signal);
    (void)set_signal_mask(before);
    errno = error;
}

} // namespace

bool take_signal(sigset_t wanted, siginfo_t& info) {
    ThreadBlock& self = this_thread();
    return self.signals.take(wanted, info) || (self.takes_signals && signals_of_process.take(wanted, info));
}

Handled handle_waiting_signals() {
    ThreadBlock& self = this_thread();
    Handled handled = Handled::nothing;
    siginfo_t info;
    while (take_signal(~self.blocked_signals, info)) {
        if (ignored(info.si_signo)) continue;
        const struct sigaction& action = actions[info.si_signo];
        if (action.sa_handler == SIG_DFL) end_by(info.si_signo);
        const bool restarts = (action.sa_flags & SA_RESTART) != 0;
        call_handler(self, info);
        if (!restarts)
            handled = Handled::interrupting;
        else if (handled == Handled::nothing)
            handled = Handled::only_restarting;
    }
    return handled;
}

int post_signal(const siginfo_t& info) {
    ThreadBlock* taker = choose(info.si_signo);
    if (forgotten(info.si_signo, taker)) return 0;
    if (const int error = signals_of_process.add(info); error != 0) return error;
    poke(taker);
    return 0;
}

int post_signal(ThreadBlock& thread, const siginfo_t& info) {
    if (forgotten(info.si_signo, &thread)) return 0;
    if (const int error = thread.signals.add(info); error != 0) return error;
    if (!shuts_out(thread, info.si_signo)) poke(&thread);
    return 0;
}

bool post_timer_signal(QueuedSignal& signal) {
    ThreadBlock* taker = choose(signal.info.si_signo);
    if (forgotten(signal.info.si_signo, taker)) return false;
    signals_of_process.add(signal);
    poke(taker);
    return true;
}

void forget_timer_signal(QueuedSignal& signal) {
    if (signal.queued) signals_of_process.remove(signal);
}

sigset_t set_signal_mask(sigset_t blocked) {
    ThreadBlock& self = this_thread();
    const sigset_t before = self.blocked_signals;
    self.blocked_signals = blocked & ~cannot_be_blocked;
    // What this thread was to take and now blocks, another may take.
    for (sigset_t left = signals_of_process.set() & self.blocked_signals & ~before; left != 0; left &= left - 1)
        poke(choose(__builtin_ctzl(left)));
    return before;
}

void take_part_in_signals(sigset_t blocked) {
    ThreadBlock& self = this_thread();
    self.takes_signals = true;
    self.blocked_signals = blocked;
}

} // namespace minios::libc

using namespace minios::libc;

extern "C" {

int sigaction(int signal, const struct sigaction* action, struct sigaction* old) {
    constexpr int known_flags =
        SA_NOCLDSTOP | SA_SIGINFO | SA_ONSTACK | SA_RESTART | SA_RESETHAND | SA_NODEFER | SA_NOCLDWAIT;
    if (!is_signal(signal)) return refuse(EINVAL);
    if (action != nullptr && ((bit_of(signal) & cannot_be_blocked) != 0 || (action->sa_flags & ~known_flags) != 0))
        return refuse(EINVAL);
    const struct sigaction before = actions[signal];
    if (action != nullptr) actions[signal] = *action;
    if (old != nullptr) *old = before;
    if (action != nullptr && ignored(signal)) {
        signals_of_process.discard(bit_of(signal));
        for_each_thread([=](ThreadBlock& thread) { thread.signals.discard(bit_of(signal)); });
    }
    return 0;
}

/// The handler stays, and calls go on after it, as in BSD and Linux.
_sig_func_ptr signal(int signal, _sig_func_ptr handler) {
    struct sigaction action {
    }, old{};
    action.sa_handler = handler;
    action.sa_flags = SA_RESTART;
    return sigaction(signal, &action, &old) == 0 ? old.sa_handler : SIG_ERR;
}

int siginterrupt(int signal, int interrupts) {
    if (!is_signal(signal)) return refuse(EINVAL);
    int& flags = actions[signal].sa_flags;
    flags = interrupts != 0 ? flags & ~SA_RESTART : flags | SA_RESTART;
    return 0;
}

} // extern "C"
