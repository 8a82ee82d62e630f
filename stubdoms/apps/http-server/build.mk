# SPDX-License-Identifier: MIT
# An HTTP server for the tree at /files, and the same server with its clients in one domain.
civetweb_FLAGS := $(CIVETWEB_FLAGS)
civetweb_NEEDS := $(CIVETWEB_WORK)/version.txt
$(eval $(call skerry-library,civetweb,$(CIVETWEB_FILES)))
# $(call http-program,NAME,SOURCES of this folder)
define http-program
$(1)_FOR := test
$(1)_FLAGS := -isystem $(CIVETWEB_SOURCE)/include
$(1)_NEEDS := $(CIVETWEB_WORK)/version.txt
$(1)_LIBS := $(BUILD)/libraries/libcivetweb.a
$(1)_PREREQUISITES := $$($(1)_LIBS)
$$(eval $$(call skerry-program,$(1),$(addprefix stubdoms/apps/http-server/,$(2))))
endef
$(eval $(call http-program,http-server,main.c server.c))
$(eval $(call http-program,http-check,check.c server.c))
$(BUILD)/tests/system/real_programs_test: | $(BUILD)/apps/http-server $(BUILD)/apps/http-check
