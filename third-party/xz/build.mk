# SPDX-License-Identifier: MIT
# xz-utils' liblzma: the .xz and .lzma decoders, single-threaded; the reference that pv-boot's host tests compare the LZMA SDK with.
# config.h here is ours, in place of configure's.
xz_PACKAGE := xz-utils
xz_SOURCE  := $(call third_party_source,xz)
xz_FILES   := $(patsubst %,src/liblzma/common/%.c,common alone_decoder block_decoder block_header_decoder block_util \
                filter_common filter_decoder filter_flags_decoder index_hash stream_decoder stream_flags_common \
                stream_flags_decoder vli_decoder vli_size) \
              $(patsubst %,src/liblzma/check/%.c,check crc32_fast crc32_table crc64_fast crc64_table sha256) \
              src/liblzma/lz/lz_decoder.c src/liblzma/lzma/lzma_decoder.c src/liblzma/lzma/lzma2_decoder.c \
              $(patsubst %,src/liblzma/simple/%.c,simple_coder simple_decoder x86)
xz_FLAGS   := -DHAVE_CONFIG_H -Ithird-party/xz -I$(xz_SOURCE)/src/common \
              $(patsubst %,-I$(xz_SOURCE)/src/liblzma/%,api common check lz lzma simple delta rangecoder)
xz_INCLUDE := -isystem $(xz_SOURCE)/src/liblzma/api -DLZMA_API_STATIC
$(eval $(call debian_library,xz))
