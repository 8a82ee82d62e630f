// SPDX-License-Identifier: MIT
// Found before newlib's header of the same name: how newlib is set up for minios. Seen by newlib itself and by every
// program.
#ifndef SKERRY_SYS_CONFIG_H
#define SKERRY_SYS_CONFIG_H

#define __DYNAMIC_REENT__           // errno and its kind are each thread's own (__getreent)
#define _REENT_GLOBAL_ATEXIT        // atexit and
#define _REENT_GLOBAL_STDIO_STREAMS // stdin, stdout, stderr are everybody's
#define _READ_WRITE_RETURN_TYPE _ssize_t

#include_next <sys/config.h>

#endif
