// SPDX-License-Identifier: MIT
// What newlib lacks: uname(). Defined in minios/libc/system_name.cpp.
#ifndef SKERRY_SYS_UTSNAME_H
#define SKERRY_SYS_UTSNAME_H

#ifdef __cplusplus
extern "C" {
#endif

struct utsname {
    char sysname[32];
    char nodename[64];
    char release[32];
    char version[64];
    char machine[32];
};

int uname(struct utsname*);

#ifdef __cplusplus
}
#endif

#endif
