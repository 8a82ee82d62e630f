/* SPDX-License-Identifier: MIT
 * What OCaml's configure would find out about newlib and minios/libc. Left out on purpose: HAS_WORKING_FMA (newlib's fma rounds twice),
 * SUPPORT_DYNAMIC_LINKING, HAS_LOCALE_H and HAS_STRTOD_L (numbers are
 * always written as in the C locale), HAS_GETRUSAGE, HAS_STACK_OVERFLOW_DETECTION (a stack that overflows ends the domain), HAS_HUGE_PAGES. */
#define OCAML_OS_TYPE "Unix"
#define POSIX_SIGNALS 1
#define HAS_C99_FLOAT_OPS 1
#define HAS_WORKING_ROUND 1
#define HAS_TIMES 1
#define HAS_STDINT_H 1
#define HAS_UNISTD 1
#define HAS_DIRENT 1
#define HAS_REWINDDIR 1
#define HAS_GETCWD 1
#define HAS_GETTIMEOFDAY 1
#define HAS_MKTIME 1
#define HAS_FFS 1
#define HAS_POSIX_MONOTONIC_CLOCK 1

/* The runtime jumps without signal masks only: sigsetjmp(buffer, 0). */
#include <setjmp.h>
#undef sigsetjmp
#undef siglongjmp
#define sigjmp_buf jmp_buf
#define sigsetjmp(buffer, mask) setjmp(buffer)
#define siglongjmp longjmp
