// SPDX-License-Identifier: MIT
// Found before newlib's header of the same name, which lacks these.
#ifndef SKERRY_TIME_H
#define SKERRY_TIME_H

#include_next <time.h>

#ifndef CLOCK_PROCESS_CPUTIME_ID
#define CLOCK_PROCESS_CPUTIME_ID ((clockid_t)2) // since the domain's start, as times() counts
#endif

#ifdef __cplusplus
extern "C" {
#endif

#if __ISO_C_VISIBLE >= 2011 || __cplusplus >= 201703L
#define TIME_UTC 1
int timespec_get(struct timespec* now, int base); // BASE, or 0: there is no such
#endif
#if __MISC_VISIBLE
time_t timegm(struct tm* time); // mktime() for times in UTC
#endif

#ifdef __cplusplus
}
#endif

#endif
