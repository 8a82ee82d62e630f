// SPDX-License-Identifier: MIT
// Sending signals, masks and sets.
#include "result.h"
#include "signals.h"

#include <unistd.h>

using namespace minios::libc;

namespace {

siginfo_t about(int signal, int code, sigval value) {
    siginfo_t info{};
    info.si_signo = signal;
    info.si_code = code;
    info.si_value = value;
    info.si_pid = getpid();
    return info;
}

/// To the calling thread, which takes it before the call returns unless it blocks it. 0 or -errno.
int send_to_self(int signal) {
    if (signal == 0) return 0;
    if (!is_signal(signal)) return -EINVAL;
    if (const int error = post_signal(this_thread(), about(signal, SI_USER, {})); error != 0) return error;
    (void)handle_signals();
    return 0;
}

int send_to_process(pid_t process, int signal, int code, sigval value) {
    if (signal != 0 && !is_signal(signal)) return -EINVAL;
    if (process != getpid() && process != 0 && process != -1 && process != -getpid()) return -ESRCH;
    if (signal == 0) return 0;
    if (const int error = post_signal(about(signal, code, value)); error != 0) return error;
    (void)handle_signals();
    return 0;
}

/// 0 or an errno.
int change_mask(int how, const sigset_t* set, sigset_t* old) {
    const sigset_t before = this_thread().blocked_signals;
    if (old != nullptr) *old = before;
    if (set == nullptr) return 0;
    switch (how) {
    case SIG_SETMASK: (void)set_signal_mask(*set); break;
    case SIG_BLOCK: (void)set_signal_mask(before | *set); break;
    case SIG_UNBLOCK: (void)set_signal_mask(before & ~*set); break;
    default: return EINVAL;
    }
    (void)handle_signals();
    return 0;
}

} // namespace

extern "C" {

int raise(int signal) { return posix_result(send_to_self(signal)); }
int kill(pid_t process, int signal) { return posix_result(send_to_process(process, signal, SI_USER, {})); }
int killpg(pid_t group, int signal) { return group < 0 ? refuse(EINVAL) : kill(-group, signal); }
int sigqueue(pid_t process, int signal, const union sigval value) {
    return process <= 0 ? refuse(ESRCH) : posix_result(send_to_process(process, signal, SI_QUEUE, value));
}

int pthread_kill(pthread_t id, int signal) {
    ThreadBlock* thread = find_thread(id);
    if (thread == nullptr) return ESRCH;
    if (thread == &this_thread()) return -send_to_self(signal);
    if (signal == 0 || thread->ended) return 0;
    return is_signal(signal) ? -post_signal(*thread, about(signal, SI_USER, {})) : EINVAL;
}

int sigprocmask(int how, const sigset_t* set, sigset_t* old) {
    const int error = change_mask(how, set, old);
    return error == 0 ? 0 : refuse(error);
}
int pthread_sigmask(int how, const sigset_t* set, sigset_t* old) { return change_mask(how, set, old); }

int sigpending(sigset_t* set) {
    *set = pending_signals() & this_thread().blocked_signals;
    return 0;
}

int sigaddset(sigset_t* set, int signal) {
    if (!is_signal(signal)) return refuse(EINVAL);
    *set |= bit_of(signal);
    return 0;
}
int sigdelset(sigset_t* set, int signal) {
    if (!is_signal(signal)) return refuse(EINVAL);
    *set &= ~bit_of(signal);
    return 0;
}
int sigismember(const sigset_t* set, int signal) {
    return is_signal(signal) ? (*set & bit_of(signal)) != 0 : refuse(EINVAL);
}
int sigemptyset(sigset_t* set) {
    *set = 0;
    return 0;
}
int sigfillset(sigset_t* set) {
    *set = ~sigset_t{1}; // there is no signal 0
    return 0;
}

} // extern "C"
