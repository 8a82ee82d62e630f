# SPDX-License-Identifier: MIT
# The LZMA SDK inside 7-Zip's source (C/, public domain): .xz and .lzma decoding straight into the output buffer, with no dictionary of its
# own and a third fewer instructions than liblzma, which the host tests compare it with.
7zip_PACKAGE := 7zip
7zip_SOURCE  := $(call third_party_source,7zip)
7zip_FILES   := $(patsubst %,C/%.c,7zCrc 7zCrcOpt Bra86 CpuArch Lzma2Dec LzmaDec Sha256 Sha256Opt XzCrc64 XzCrc64Opt)
7zip_FLAGS   := -D_7ZIP_ST -DZ7_ST -O3 -ffunction-sections -fdata-sections
7zip_INCLUDE := -isystem $(7zip_SOURCE)/C -D_7ZIP_ST -DZ7_ST
$(eval $(call debian_library,7zip))
