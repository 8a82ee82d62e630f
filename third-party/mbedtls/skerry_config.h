/* SPDX-License-Identifier: MIT */
/* On top of mbedTLS's own configuration: entropy comes from the C library's getentropy (stubdoms/apps/mbedtls/entropy.c). */
#define MBEDTLS_NO_PLATFORM_ENTROPY
#define MBEDTLS_ENTROPY_HARDWARE_ALT
#define MBEDTLS_THREADING_C
#define MBEDTLS_THREADING_PTHREAD
