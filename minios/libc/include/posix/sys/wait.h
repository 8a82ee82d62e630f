// SPDX-License-Identifier: MIT
// Found before newlib's header of the same name, which lacks these. All fail: there are no other processes.
#ifndef SKERRY_SYS_WAIT_H
#define SKERRY_SYS_WAIT_H

#include_next <sys/wait.h>

#include <signal.h>

#define WEXITED 4
#define WSTOPPED WUNTRACED
#define WCONTINUED 8
#define WNOWAIT 16
#define WIFCONTINUED(status) ((status) == 0xffff)
#define WCOREDUMP(status) (((status)&0x80) != 0)

typedef enum { P_ALL, P_PID, P_PGID } idtype_t;

#ifdef __cplusplus
extern "C" {
#endif

struct rusage;
int waitid(idtype_t kind, id_t id, siginfo_t* information, int options);
pid_t wait3(int* status, int options, struct rusage* usage);
pid_t wait4(pid_t process, int* status, int options, struct rusage* usage);

#ifdef __cplusplus
}
#endif

#endif
