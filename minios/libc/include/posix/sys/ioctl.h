// SPDX-License-Identifier: MIT
// newlib has no header of this name. Requests are numbered as lwIP numbers its own, so that one call serves both.
#ifndef SKERRY_SYS_IOCTL_H
#define SKERRY_SYS_IOCTL_H

#ifdef __cplusplus
extern "C" {
#endif

#ifndef FIONREAD
#define FIONREAD 0x4004667fUL // int*: bytes that can be read now
#endif
#ifndef FIONBIO
#define FIONBIO 0x8004667eUL // int*: non-blocking or not
#endif

int ioctl(int descriptor, unsigned long request, ...);

#ifdef __cplusplus
}
#endif

#endif
