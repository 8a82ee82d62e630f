// SPDX-License-Identifier: MIT
// In place of newlib's header of the same name, whose struct sigaction knows no SA_SIGINFO and whose sets are 32 bits wide. Standard
// signals have newlib's numbers; 32 to 63 are real-time signals, which are queued.
#ifndef _SYS_SIGNAL_H
#define _SYS_SIGNAL_H

#include <sys/_sigset.h>
#include <sys/_timespec.h>
#include <sys/cdefs.h>
#include <sys/features.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef _SIGSET_T_DECLARED
#define _SIGSET_T_DECLARED
typedef __sigset_t sigset_t;
#endif

#define SIGHUP 1
#define SIGINT 2
#define SIGQUIT 3
#define SIGILL 4
#define SIGTRAP 5
#define SIGIOT 6
#define SIGABRT 6
#define SIGEMT 7
#define SIGFPE 8
#define SIGKILL 9
#define SIGBUS 10
#define SIGSEGV 11
#define SIGSYS 12
#define SIGPIPE 13
#define SIGALRM 14
#define SIGTERM 15
#define SIGURG 16
#define SIGSTOP 17
#define SIGTSTP 18
#define SIGCONT 19
#define SIGCHLD 20
#define SIGCLD 20
#define SIGTTIN 21
#define SIGTTOU 22
#define SIGIO 23
#define SIGPOLL SIGIO
#define SIGXCPU 24
#define SIGXFSZ 25
#define SIGVTALRM 26
#define SIGPROF 27
#define SIGWINCH 28
#define SIGLOST 29
#define SIGUSR1 30
#define SIGUSR2 31
#define SIGRTMIN 32
#define SIGRTMAX 63
#define NSIG 64
#define _NSIG NSIG

union sigval {
    int sival_int;
    void* sival_ptr;
};

#define SIGEV_NONE 1
#define SIGEV_SIGNAL 2
#define SIGEV_THREAD 3

struct sigevent {
    int sigev_notify;
    int sigev_signo;
    union sigval sigev_value;
    void (*sigev_notify_function)(union sigval);
    pthread_attr_t* sigev_notify_attributes;
};

// si_code: who sent it
#define SI_USER 1  // kill(), raise(), pthread_kill(), the terminal
#define SI_QUEUE 2 // sigqueue()
#define SI_TIMER 3 // a timer of timer_create(), alarm() or setitimer()
#define SI_ASYNCIO 4
#define SI_MESGQ 5

typedef struct {
    int si_signo;
    int si_code;
    union sigval si_value;
    int si_errno;
    pid_t si_pid;
    uid_t si_uid;
    void* si_addr;
    int si_status;
    long si_band;
    int si_timerid; // SI_TIMER: which, and how often it ran out unheard
    int si_overrun;
} siginfo_t;

#define SA_NOCLDSTOP 0x01 // makes no difference: there are no children
#define SA_SIGINFO 0x02   // sa_sigaction; its third argument is null
#define SA_ONSTACK 0x04   // makes no difference: there is no sigaltstack()
#define SA_RESTART 0x08
#define SA_RESETHAND 0x10
#define SA_NODEFER 0x20
#define SA_NOCLDWAIT 0x40 // as SA_NOCLDSTOP

typedef void (*_sig_func_ptr)(int);

struct sigaction {
    union {
        _sig_func_ptr sa_handler;
        void (*sa_sigaction)(int, siginfo_t*, void*);
    };
    sigset_t sa_mask;
    int sa_flags;
};

#define SIG_SETMASK 0
#define SIG_BLOCK 1
#define SIG_UNBLOCK 2

int sigaction(int signal, const struct sigaction* action, struct sigaction* old);
int siginterrupt(int signal, int interrupts);
int kill(pid_t process, int signal);
int killpg(pid_t group, int signal);
int sigqueue(pid_t process, int signal, const union sigval value);
int pthread_kill(pthread_t thread, int signal);

int sigprocmask(int how, const sigset_t* set, sigset_t* old);
int pthread_sigmask(int how, const sigset_t* set, sigset_t* old);
int sigpending(sigset_t* set);

int sigaddset(sigset_t* set, int signal);
int sigdelset(sigset_t* set, int signal);
int sigemptyset(sigset_t* set);
int sigfillset(sigset_t* set);
int sigismember(const sigset_t* set, int signal);

int sigsuspend(const sigset_t* mask);
int sigwait(const sigset_t* set, int* signal);
int sigwaitinfo(const sigset_t* set, siginfo_t* info);
int sigtimedwait(const sigset_t* set, siginfo_t* info, const struct timespec* timeout);

#ifdef __cplusplus
}
#endif

#include <signal.h>

#endif
