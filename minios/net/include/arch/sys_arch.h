// SPDX-License-Identifier: MIT
// lwIP's semaphores, mutexes and mailboxes over minios's threads (minios/net/sys_arch.cpp).
#ifndef SKERRY_LWIP_SYS_ARCH_H
#define SKERRY_LWIP_SYS_ARCH_H

#include <stddef.h>

struct minios_semaphore;
struct minios_mailbox;

typedef struct minios_semaphore* sys_sem_t;
typedef struct minios_semaphore* sys_mutex_t;
typedef struct minios_mailbox* sys_mbox_t;
typedef unsigned sys_thread_t;

#define sys_sem_valid(sem) (*(sem) != NULL)
#define sys_sem_set_invalid(sem) (*(sem) = NULL)
#define sys_mutex_valid(mutex) (*(mutex) != NULL)
#define sys_mutex_set_invalid(mutex) (*(mutex) = NULL)
#define sys_mbox_valid(mbox) (*(mbox) != NULL)
#define sys_mbox_set_invalid(mbox) (*(mbox) = NULL)
#define sys_msleep(ms) sys_arch_msleep(ms)

#endif
