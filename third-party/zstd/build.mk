# SPDX-License-Identifier: MIT
# zstd: the decompressor only.
zstd_PACKAGE := libzstd
zstd_SOURCE  := $(call third_party_source,zstd)
zstd_FILES   := $(patsubst %,lib/common/%.c,debug entropy_common error_private fse_decompress xxhash zstd_common) \
                $(patsubst %,lib/decompress/%.c,huf_decompress zstd_ddict zstd_decompress zstd_decompress_block)
zstd_FLAGS   := -DZSTD_DISABLE_ASM=1 -DDYNAMIC_BMI2=0 -DZSTD_LEGACY_SUPPORT=0 -DZSTD_TRACE=0
zstd_INCLUDE := -isystem $(zstd_SOURCE)/lib
$(eval $(call debian_library,zstd))
