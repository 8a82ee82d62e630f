/* SPDX-License-Identifier: MIT */
/* What configure would have written for liblzma: the decoders that Linux kernel images use (LZMA2, LZMA, x86 branch
 * filter), CRC32, CRC64 and SHA-256 checks; no threads, no encoder. */
#pragma once
#define HAVE_STDBOOL_H 1
#define HAVE_STDINT_H 1
#define HAVE_INTTYPES_H 1
#define HAVE__BOOL 1
#define HAVE_STRING_H 1
#define HAVE_CHECK_CRC32 1
#define HAVE_CHECK_CRC64 1
#define HAVE_CHECK_SHA256 1
#define HAVE_DECODERS 1
#define HAVE_DECODER_LZMA1 1
#define HAVE_DECODER_LZMA2 1
#define HAVE_DECODER_X86 1
#define HAVE_LZIP_DECODER 1
#define HAVE___BUILTIN_ASSUME_ALIGNED 1
#define HAVE___BUILTIN_BSWAPXX 1
#define TUKLIB_FAST_UNALIGNED_ACCESS 1
#define SIZEOF_SIZE_T 8
#define TUKLIB_SYMBOL_PREFIX lzma_
#define PACKAGE_NAME "XZ Utils"
#define PACKAGE_BUGREPORT ""
#define PACKAGE_URL ""
#define NDEBUG 1
