// SPDX-License-Identifier: MIT
// Found before newlib's header of the same name: clock() and times() count microseconds, as POSIX asks.
#ifndef SKERRY_MACHINE_TIME_H
#define SKERRY_MACHINE_TIME_H

#define _CLOCKS_PER_SEC_ 1000000

#endif
