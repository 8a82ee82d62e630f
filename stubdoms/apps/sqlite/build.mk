# SPDX-License-Identifier: MIT
# SQLite's shell as a domain, and its own programs: a benchmark that says a hash of its results, and what replays its fuzzing corpus.
sqlite3_FLAGS := $(SQLITE_FLAGS)
sqlite3_NEEDS := $(SQLITE_AMALGAMATION)/ready
$(eval $(call skerry-library,sqlite3,$(SQLITE_AMALGAMATION)/sqlite3.c))
# $(call sqlite-program,NAME,SOURCES,FLAGS)
define sqlite-program
$(1)_FOR := test
$(1)_FLAGS := $$(SQLITE_FLAGS) $(3)
$(1)_NEEDS := $$(sqlite3_NEEDS)
$(1)_PREREQUISITES := $(BUILD)/libraries/libsqlite3.a
$(1)_LIBS := $(BUILD)/libraries/libsqlite3.a
$$(eval $$(call skerry-program,$(1),$(2)))
endef
$(eval $(call sqlite-program,sqlite,$(SQLITE_AMALGAMATION)/shell.c))
$(eval $(call sqlite-program,sqlite-speedtest1,$(SQLITE_SOURCE)/test/speedtest1.c))
$(eval $(call sqlite-program,sqlite-fuzzcheck,$(SQLITE_FUZZCHECK_FILES),-DSQLITE_OSS_FUZZ -I$(SQLITE_SOURCE)/test -I$(SQLITE_SOURCE)/ext/recover))
$(BUILD)/tests/system/real_programs_test: | $(addprefix $(BUILD)/apps/,sqlite sqlite-speedtest1 sqlite-fuzzcheck)
