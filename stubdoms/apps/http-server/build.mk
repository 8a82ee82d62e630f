# SPDX-License-Identifier: MIT
# An HTTP server for the tree at /files, and the same server with its clients in one domain.
civetweb_FLAGS := $(CIVETWEB_FLAGS)
civetweb_NEEDS := $(CIVETWEB_WORK)/version.txt
$(eval $(call skerry-library,civetweb,$(CIVETWEB_FILES)))
$(foreach name,http-server http-check,$(eval $(name)_FOR := test) $(eval $(name)_FLAGS := -isystem $(CIVETWEB_SOURCE)/include) $(eval $(name)_NEEDS := $(CIVETWEB_WORK)/version.txt) \
    $(eval $(name)_LIBS := $(BUILD)/libraries/libcivetweb.a) $(eval $(name)_PREREQUISITES := $(BUILD)/libraries/libcivetweb.a))
$(eval $(call skerry-program,http-server,$(addprefix stubdoms/apps/http-server/,main.c server.c)))
$(eval $(call skerry-program,http-check,$(addprefix stubdoms/apps/http-server/,check.c server.c)))
$(BUILD)/tests/system/real_programs_test: | $(BUILD)/apps/http-server $(BUILD)/apps/http-check
