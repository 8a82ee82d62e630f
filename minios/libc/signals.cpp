// SPDX-License-Identifier: MIT
// Signals that a program sends itself, instead of newlib's, whose handlers belong to one thread each. Handlers are the
// program's; masks and what waits behind them are each thread's. Nothing else ever sends one: a fault ends the domain.
#include "result.h"
#include "thread_block.h"

#include <minios/start.h>

#include <signal.h>
#include <unistd.h>

using minios::libc::find_thread;
using minios::libc::posix_result;
using minios::libc::refuse;
using minios::libc::this_thread;
using minios::libc::ThreadBlock;

namespace {

constexpr int most_signals = NSIG;
struct sigaction actions[most_signals]; // zero is SIG_DFL

constexpr sigset_t bit_of(int signal) { return sigset_t{1} << signal; }
bool valid(int signal) { return signal > 0 && signal < most_signals; }
bool can_be_handled(int signal) { return valid(signal) && signal != SIGKILL && signal != SIGSTOP; }

bool ignored_by_default(int signal) {
    return signal == SIGCHLD || signal == SIGURG || signal == SIGCONT || signal == SIGWINCH;
}

int change_mask(int how, const sigset_t* set, sigset_t* old);

/// With the signal, and what its action says, blocked meanwhile.
void call_handler(ThreadBlock& thread, int signal) {
    const struct sigaction action = actions[signal];
    const sigset_t before = thread.blocked_signals;
    const int error = errno;
    thread.blocked_signals |= action.sa_mask | bit_of(signal);
    action.sa_handler(signal);
    (void)change_mask(SIG_SETMASK, &before, nullptr);
    errno = error;
}

/// To the calling thread, at once unless it blocks it. 0 or -errno.
int deliver(int signal) {
    if (signal == 0) return 0;
    if (!valid(signal)) return -EINVAL;
    ThreadBlock& thread = this_thread();
    const auto handler = actions[signal].sa_handler;
    if (handler == SIG_IGN || (handler == SIG_DFL && ignored_by_default(signal))) return 0;
    if (can_be_handled(signal) && (thread.blocked_signals & bit_of(signal)) != 0) {
        thread.pending_signals |= bit_of(signal);
        return 0;
    }
    if (handler == SIG_DFL) minios::panic("ended by signal %d%s", signal, signal == SIGABRT ? " (abort)" : "");
    call_handler(thread, signal);
    return 0;
}

/// 0 or an errno.
int change_mask(int how, const sigset_t* set, sigset_t* old) {
    ThreadBlock& self = this_thread();
    if (old != nullptr) *old = self.blocked_signals;
    if (set == nullptr) return 0;
    switch (how) {
    case SIG_SETMASK: self.blocked_signals = *set; break;
    case SIG_BLOCK: self.blocked_signals |= *set; break;
    case SIG_UNBLOCK: self.blocked_signals &= ~*set; break;
    default: return EINVAL;
    }
    for (int signal = 1; signal < most_signals; ++signal) {
        const sigset_t bit = bit_of(signal);
        if ((self.pending_signals & ~self.blocked_signals & bit) == 0) continue;
        self.pending_signals &= ~bit;
        (void)deliver(signal);
    }
    return 0;
}

} // namespace

extern "C" {

int sigaction(int signal, const struct sigaction* action, struct sigaction* old) {
    if (!valid(signal) || (action != nullptr && !can_be_handled(signal))) return refuse(EINVAL);
    if (action != nullptr && (action->sa_flags & ~SA_NOCLDSTOP) != 0) return refuse(EINVAL);
    const struct sigaction before = actions[signal];
    if (action != nullptr) actions[signal] = *action;
    if (old != nullptr) *old = before;
    return 0;
}

/// The handler stays, as in BSD and Linux.
_sig_func_ptr signal(int signal, _sig_func_ptr handler) {
    struct sigaction action {
    }, old{};
    action.sa_handler = handler;
    return sigaction(signal, &action, &old) == 0 ? old.sa_handler : SIG_ERR;
}

int raise(int signal) { return posix_result(deliver(signal)); }

int kill(pid_t process, int signal) {
    if (process != getpid() && process != 0 && process != -1) return refuse(ESRCH);
    return raise(signal);
}

int pthread_kill(pthread_t thread, int signal) {
    if (find_thread(thread) == nullptr) return ESRCH;
    if (thread == pthread_self()) return -deliver(signal);
    return signal == 0 ? 0 : ENOSYS; // nothing interrupts another thread
}

int sigprocmask(int how, const sigset_t* set, sigset_t* old) {
    const int error = change_mask(how, set, old);
    return error == 0 ? 0 : refuse(error);
}
int pthread_sigmask(int how, const sigset_t* set, sigset_t* old) { return change_mask(how, set, old); }

int sigpending(sigset_t* set) {
    *set = this_thread().pending_signals;
    return 0;
}

} // extern "C"
