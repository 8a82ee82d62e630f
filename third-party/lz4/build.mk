# SPDX-License-Identifier: MIT
# lz4: block decompression; the legacy frame that kernels use is parsed by pv-boot.
lz4_PACKAGE := lz4
lz4_SOURCE  := $(call third_party_source,lz4)
lz4_FILES   := lib/lz4.c
lz4_FLAGS   := -DLZ4_HEAPMODE=0
lz4_INCLUDE := -isystem $(lz4_SOURCE)/lib
$(eval $(call debian_library,lz4))
