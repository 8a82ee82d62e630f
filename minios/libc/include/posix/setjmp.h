// SPDX-License-Identifier: MIT
// Found before newlib's header of the same name, which lacks the calls that keep the signal mask.
#ifndef SKERRY_SETJMP_H
#define SKERRY_SETJMP_H

#include_next <setjmp.h>

#include <signal.h>

typedef struct {
    jmp_buf place;
    int keeps_mask;
    sigset_t mask;
} sigjmp_buf[1];

// setjmp must be called by the function that comes back to it: macros.
#define sigsetjmp(buffer, keep)                                                                                        \
    ((buffer)->keeps_mask = (keep), pthread_sigmask(SIG_SETMASK, (sigset_t*)0, &(buffer)->mask),                       \
     setjmp((buffer)->place))
#define siglongjmp(buffer, value)                                                                                      \
    ((buffer)->keeps_mask ? (void)pthread_sigmask(SIG_SETMASK, &(buffer)->mask, (sigset_t*)0) : (void)0,               \
     longjmp((buffer)->place, (value)))

#endif
