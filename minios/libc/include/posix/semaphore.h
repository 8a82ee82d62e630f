// SPDX-License-Identifier: MIT
// newlib has no header of this name.
#ifndef SKERRY_SEMAPHORE_H
#define SKERRY_SEMAPHORE_H

#include <fcntl.h>
#include <time.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SEM_VALUE_MAX 0x7fffffff
#define SEM_FAILED ((sem_t*)0)

typedef struct {
    unsigned count;
} sem_t;

int sem_init(sem_t* semaphore, int shared, unsigned value);
int sem_destroy(sem_t* semaphore);
int sem_wait(sem_t* semaphore);
int sem_trywait(sem_t* semaphore);
int sem_timedwait(sem_t* __restrict semaphore, const struct timespec* __restrict until);
int sem_clockwait(sem_t* __restrict semaphore, clockid_t clock, const struct timespec* __restrict until);
int sem_post(sem_t* semaphore);
int sem_getvalue(sem_t* __restrict semaphore, int* __restrict value);

sem_t* sem_open(const char* name, int flags, ...);
int sem_close(sem_t* semaphore);
int sem_unlink(const char* name);

#ifdef __cplusplus
}
#endif

#endif
