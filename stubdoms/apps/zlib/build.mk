# SPDX-License-Identifier: MIT
# zlib: its minigzip and its example as domains, and a program that takes files there and back.
z_FLAGS := -w -DHAVE_UNISTD_H -D_LARGEFILE64_SOURCE=0
z_NEEDS := $(zlib_READY)
$(eval $(call skerry-library,z,$(ZLIB_FILES)))
# $(call zlib-program,NAME,SOURCES,FLAGS)
define zlib-program
$(1)_FOR := test
$(1)_FLAGS := -isystem $(zlib_SOURCE) $$(z_FLAGS) $(3)
$(1)_NEEDS := $(zlib_READY)
$(1)_LIBS := $(BUILD)/libraries/libz.a
$(1)_PREREQUISITES := $$($(1)_LIBS)
$$(eval $$(call skerry-program,$(1),$(2)))
endef
$(eval $(call zlib-program,minigzip,$(zlib_SOURCE)/test/minigzip.c))
$(eval $(call zlib-program,zlib-example,$(zlib_SOURCE)/test/example.c))
$(eval $(call zlib-program,zlib-check,stubdoms/apps/zlib/there_and_back.c $(zlib_SOURCE)/test/minigzip.c,-Dmain=minigzip_main))
$(BUILD)/tests/system/real_programs_test: | $(BUILD)/apps/zlib-example $(BUILD)/apps/zlib-check
