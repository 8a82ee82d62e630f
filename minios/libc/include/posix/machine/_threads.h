// SPDX-License-Identifier: MIT
// For newlib's <threads.h>: its types are pthreads', and so are the calls (c11_threads.cpp).
#ifndef SKERRY_MACHINE_THREADS_H
#define SKERRY_MACHINE_THREADS_H

#include <limits.h>
#include <pthread.h>

typedef pthread_t thrd_t;
typedef pthread_mutex_t mtx_t;
typedef pthread_cond_t cnd_t;
typedef pthread_key_t tss_t;
typedef pthread_once_t once_flag;

#define ONCE_FLAG_INIT PTHREAD_ONCE_INIT
#define TSS_DTOR_ITERATIONS PTHREAD_DESTRUCTOR_ITERATIONS

#endif
