// SPDX-License-Identifier: MIT
// newlib has no header of this name. What each call does here: docs/posix.md.
#ifndef SKERRY_SYS_MMAN_H
#define SKERRY_SYS_MMAN_H

#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PROT_NONE 0
#define PROT_READ 1
#define PROT_WRITE 2 // may be read too
#define PROT_EXEC 4  // fails: only a program's own text is ever executable

#define MAP_SHARED 0x01
#define MAP_PRIVATE 0x02
#define MAP_FIXED 0x10
#define MAP_ANONYMOUS 0x20
#define MAP_ANON MAP_ANONYMOUS
#define MAP_NORESERVE 0x4000 // no memory is promised; a touch without memory ends the domain
#define MAP_POPULATE 0x8000
#define MAP_STACK 0x20000 // makes no difference
#define MAP_FIXED_NOREPLACE 0x100000
#define MAP_FAILED ((void*)-1)

#define MS_ASYNC 1
#define MS_INVALIDATE 2
#define MS_SYNC 4

#define MADV_NORMAL 0
#define MADV_RANDOM 1
#define MADV_SEQUENTIAL 2
#define MADV_WILLNEED 3
#define MADV_DONTNEED 4 // the pages' content is lost
#define MADV_FREE 8     // the same, at once

#define POSIX_MADV_NORMAL 0
#define POSIX_MADV_RANDOM 1
#define POSIX_MADV_SEQUENTIAL 2
#define POSIX_MADV_WILLNEED 3
#define POSIX_MADV_DONTNEED 4 // loses nothing

void* mmap(void* address, size_t size, int protection, int flags, int descriptor, off_t offset);
int munmap(void* address, size_t size);
int mprotect(void* address, size_t size, int protection);
int msync(void* address, size_t size, int flags);
int madvise(void* address, size_t size, int advice);
int posix_madvise(void* address, size_t size, int advice);

#ifdef __cplusplus
}
#endif

#endif
