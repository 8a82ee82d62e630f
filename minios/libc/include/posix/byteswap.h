// SPDX-License-Identifier: MIT
// newlib has no header of this name.
#ifndef SKERRY_BYTESWAP_H
#define SKERRY_BYTESWAP_H

#define bswap_16(x) __builtin_bswap16(x)
#define bswap_32(x) __builtin_bswap32(x)
#define bswap_64(x) __builtin_bswap64(x)

#endif
