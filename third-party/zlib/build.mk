# SPDX-License-Identifier: MIT
# zlib: the gzip decompressor of pv-boot. Z_SOLO: no libc, the caller gives the allocator.
zlib_PACKAGE := zlib
zlib_SOURCE  := $(call third_party_source,zlib)
zlib_FILES   := adler32.c crc32.c inflate.c inffast.c inftrees.c zutil.c
zlib_FLAGS   := -DZ_SOLO
zlib_INCLUDE := -isystem $(zlib_SOURCE) -DZ_SOLO
$(eval $(call debian_library,zlib))
