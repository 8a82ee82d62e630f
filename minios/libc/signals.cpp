// SPDX-License-Identifier: MIT
// Signals that a program sends itself. newlib's signal() and raise() keep the handlers; what arrives here has none and
// ends the domain, or waits until the thread unblocks it. Nothing else ever sends one.
#include "result.h"
#include "thread_block.h"

#include <minios/start.h>

#include <signal.h>
#include <unistd.h>

using minios::libc::find_thread;
using minios::libc::refuse;
using minios::libc::this_thread;
using minios::libc::ThreadBlock;

namespace {

constexpr int most_signals = NSIG;

constexpr sigset_t bit_of(int signal) { return sigset_t{1} << signal; }

bool ignored_by_default(int signal) {
    return signal == SIGCHLD || signal == SIGURG || signal == SIGCONT || signal == SIGWINCH;
}

int deliver(ThreadBlock& thread, int signal) {
    if (signal < 0 || signal >= most_signals) return EINVAL;
    if (signal == 0 || ignored_by_default(signal)) return 0;
    if (signal != SIGKILL && signal != SIGSTOP && (thread.blocked_signals & bit_of(signal)) != 0) {
        thread.pending_signals |= bit_of(signal);
        return 0;
    }
    minios::panic("ended by signal %d%s", signal, signal == SIGABRT ? " (abort)" : "");
}

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
        (void)raise(signal);
    }
    return 0;
}

} // namespace

extern "C" {

int kill(pid_t process, int signal) {
    if (process != getpid() && process != 0 && process != -1) return refuse(ESRCH);
    const int error = deliver(this_thread(), signal);
    return error == 0 ? 0 : refuse(error);
}

int pthread_kill(pthread_t thread, int signal) {
    if (find_thread(thread) == nullptr) return ESRCH;
    if (thread == pthread_self()) return raise(signal) == 0 ? 0 : errno;
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
