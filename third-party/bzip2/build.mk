# SPDX-License-Identifier: MIT
# bzip2 (its library file refers to the compressor, which therefore comes along).
bzip2_PACKAGE := bzip2
bzip2_SOURCE  := $(call third_party_source,bzip2)
bzip2_FILES   := bzlib.c decompress.c huffman.c crctable.c randtable.c blocksort.c compress.c
bzip2_FLAGS   := -DBZ_NO_STDIO
bzip2_INCLUDE := -isystem $(bzip2_SOURCE) -DBZ_NO_STDIO
$(eval $(call debian_library,bzip2))
