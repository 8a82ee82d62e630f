// SPDX-License-Identifier: MIT
// What lwIP asks of compiler and C library.
#ifndef SKERRY_LWIP_CC_H
#define SKERRY_LWIP_CC_H

#include <limits.h>
#include <stdint.h>
#include <sys/time.h>
#include <sys/types.h>
#include <unistd.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef uint32_t in_addr_t;
typedef int sys_prot_t;

/// Ends the domain with this message.
void minios_lwip_failed(const char* message, const char* file, int line) __attribute__((noreturn));
uint32_t minios_lwip_random(void);

#ifdef __cplusplus
}
#endif

#define LWIP_PLATFORM_DIAG(arguments) // debug output is off
#define LWIP_PLATFORM_ASSERT(message) minios_lwip_failed(message, __FILE__, __LINE__)
#define LWIP_RAND() minios_lwip_random()

#endif
