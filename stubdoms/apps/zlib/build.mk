# SPDX-License-Identifier: MIT
# zlib: its minigzip and its example as domains, and a program that takes files there and back.
z_FLAGS := -w -DHAVE_UNISTD_H -D_LARGEFILE64_SOURCE=0
$(eval $(call skerry-library,z,$(ZLIB_FILES)))
$(foreach name,minigzip zlib-example zlib-check,$(eval $(name)_FLAGS := -isystem $(zlib_SOURCE) $(z_FLAGS)) \
    $(eval $(name)_PREREQUISITES := $(BUILD)/libraries/libz.a) $(eval $(name)_LIBS := $(BUILD)/libraries/libz.a) $(eval $(name)_NEEDS := $(zlib_READY)) $(eval $(name)_FOR := test))
zlib-check_FLAGS += -Dmain=minigzip_main
$(eval $(call skerry-program,minigzip,$(zlib_SOURCE)/test/minigzip.c))
$(eval $(call skerry-program,zlib-example,$(zlib_SOURCE)/test/example.c))
$(eval $(call skerry-program,zlib-check,stubdoms/apps/zlib/there_and_back.c $(zlib_SOURCE)/test/minigzip.c))
$(BUILD)/tests/system/real_programs_test: | $(BUILD)/apps/zlib-example $(BUILD)/apps/zlib-check
