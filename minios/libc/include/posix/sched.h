// SPDX-License-Identifier: MIT
// Found before newlib's header of the same name, which declares these only where policies can be chosen. Here there is one, SCHED_OTHER.
#ifndef SKERRY_SCHED_H
#define SKERRY_SCHED_H

#include_next <sched.h>

#ifdef __cplusplus
extern "C" {
#endif

int sched_get_priority_max(int policy);
int sched_get_priority_min(int policy);
int sched_getparam(pid_t process, struct sched_param* parameters);
int sched_getscheduler(pid_t process);
int sched_setparam(pid_t process, const struct sched_param* parameters);
int sched_setscheduler(pid_t process, int policy, const struct sched_param* parameters);

#ifdef __cplusplus
}
#endif

#endif
