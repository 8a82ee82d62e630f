// SPDX-License-Identifier: MIT
// How threads are scheduled cannot be chosen: there is one policy, SCHED_OTHER, with one priority, 0, and all threads of all programs compete.
#include "result.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

using minios::libc::refuse;

namespace {

constexpr int only_priority = 0;

/// 0, or the errno of what cannot be.
int judge(int policy, const sched_param* parameters) {
    if (policy != SCHED_OTHER) return ENOTSUP;
    return parameters->sched_priority == only_priority ? 0 : EINVAL;
}

bool is_own(pid_t process) { return process == 0 || process == getpid(); }
bool is_policy(int policy) { return policy == SCHED_OTHER || policy == SCHED_FIFO || policy == SCHED_RR; }

} // namespace

extern "C" {

int pthread_attr_setscope(pthread_attr_t*, int scope) {
    if (scope == PTHREAD_SCOPE_SYSTEM) return 0;
    return scope == PTHREAD_SCOPE_PROCESS ? ENOTSUP : EINVAL;
}
int pthread_attr_getscope(const pthread_attr_t*, int* scope) {
    *scope = PTHREAD_SCOPE_SYSTEM;
    return 0;
}
int pthread_attr_setinheritsched(pthread_attr_t* attributes, int inherit) {
    if (inherit != PTHREAD_INHERIT_SCHED && inherit != PTHREAD_EXPLICIT_SCHED) return EINVAL;
    attributes->inheritsched = inherit;
    return 0;
}
int pthread_attr_getinheritsched(const pthread_attr_t* attributes, int* inherit) {
    *inherit = attributes->inheritsched != 0 ? attributes->inheritsched : PTHREAD_INHERIT_SCHED;
    return 0;
}
int pthread_attr_setschedpolicy(pthread_attr_t*, int policy) {
    if (policy == SCHED_OTHER) return 0;
    return is_policy(policy) ? ENOTSUP : EINVAL;
}
int pthread_attr_getschedpolicy(const pthread_attr_t*, int* policy) {
    *policy = SCHED_OTHER;
    return 0;
}
int pthread_attr_setschedparam(pthread_attr_t*, const struct sched_param* parameters) {
    return judge(SCHED_OTHER, parameters);
}
int pthread_attr_getschedparam(const pthread_attr_t*, struct sched_param* parameters) {
    *parameters = {};
    return 0;
}
int pthread_setschedparam(pthread_t thread, int policy, const struct sched_param* parameters) {
    if (const int error = pthread_kill(thread, 0); error != 0) return error;
    return judge(policy, parameters);
}
int pthread_getschedparam(pthread_t thread, int* policy, struct sched_param* parameters) {
    if (const int error = pthread_kill(thread, 0); error != 0) return error;
    *policy = SCHED_OTHER;
    *parameters = {};
    return 0;
}

int sched_get_priority_max(int policy) { return is_policy(policy) ? only_priority : refuse(EINVAL); }
int sched_get_priority_min(int policy) { return is_policy(policy) ? only_priority : refuse(EINVAL); }
int sched_getscheduler(pid_t process) { return is_own(process) ? SCHED_OTHER : refuse(ESRCH); }
int sched_setscheduler(pid_t process, int policy, const struct sched_param* parameters) {
    if (!is_own(process)) return refuse(ESRCH);
    const int error = judge(policy, parameters);
    return error == 0 ? SCHED_OTHER : refuse(error == ENOTSUP ? EPERM : error);
}
int sched_getparam(pid_t process, struct sched_param* parameters) {
    if (!is_own(process)) return refuse(ESRCH);
    *parameters = {};
    return 0;
}
int sched_setparam(pid_t process, const struct sched_param* parameters) {
    return sched_setscheduler(process, SCHED_OTHER, parameters) < 0 ? -1 : 0;
}

} // extern "C"
