// SPDX-License-Identifier: MIT
// Found before newlib's header of the same name, which declares these only where policies can be chosen, and objects shared between
// processes. Here there is one policy, SCHED_OTHER, and one process.
#ifndef SKERRY_PTHREAD_H
#define SKERRY_PTHREAD_H

#include_next <pthread.h>

#ifndef PTHREAD_PROCESS_PRIVATE
#define PTHREAD_PROCESS_PRIVATE 0
#define PTHREAD_PROCESS_SHARED 1 // for which ENOTSUP is the answer
#endif

#ifdef __cplusplus
extern "C" {
#endif

int pthread_attr_getinheritsched(const pthread_attr_t* attributes, int* inherit);
int pthread_attr_getschedparam(const pthread_attr_t* attributes, struct sched_param* parameters);
int pthread_attr_getschedpolicy(const pthread_attr_t* attributes, int* policy);
int pthread_attr_getscope(const pthread_attr_t* attributes, int* scope);
int pthread_attr_setinheritsched(pthread_attr_t* attributes, int inherit);
int pthread_attr_setschedparam(pthread_attr_t* attributes, const struct sched_param* parameters);
int pthread_attr_setschedpolicy(pthread_attr_t* attributes, int policy);
int pthread_attr_setscope(pthread_attr_t* attributes, int scope);
int pthread_getschedparam(pthread_t thread, int* policy, struct sched_param* parameters);
int pthread_setschedparam(pthread_t thread, int policy, const struct sched_param* parameters);

#ifdef __cplusplus
}
#endif

#endif
