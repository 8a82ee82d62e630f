# SPDX-License-Identifier: MIT
# zlib: the gzip decompressor of pv-boot (Z_SOLO: no libc, the caller gives the allocator), and all of it for stubdoms/apps/zlib.
zlib_PACKAGE := zlib
zlib_SOURCE  := $(call third_party_source,zlib)
zlib_FILES   := adler32.c crc32.c inflate.c inffast.c inftrees.c zutil.c
zlib_FLAGS   := -DZ_SOLO
zlib_INCLUDE := -isystem $(zlib_SOURCE) -DZ_SOLO
$(eval $(call debian_library,zlib))

ZLIB_FILES := $(patsubst %,$(zlib_SOURCE)/%.c,adler32 compress crc32 deflate gzclose gzlib gzread gzwrite infback inffast inflate inftrees trees \
    uncompr zutil)
ZLIB_TEST_FILES := $(zlib_SOURCE)/test/example.c $(zlib_SOURCE)/test/minigzip.c
$(ZLIB_FILES) $(ZLIB_TEST_FILES): $(zlib_READY) ;
