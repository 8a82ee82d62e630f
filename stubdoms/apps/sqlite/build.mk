# SPDX-License-Identifier: MIT
# SQLite's shell as a domain, and its own programs: a benchmark that says a hash of its results, what replays its fuzzing corpus, and what runs
# its test suite.
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

# The interpreter of SQLite's own tests, which are in Tcl.
SQLITE_TESTFIXTURE := $(BUILD)/apps/sqlite-testfixture
SQLITE_TEST_OPTIONS := $(addprefix -DSQLITE_,OMIT_LOAD_EXTENSION=1 ENABLE_FTS3=1 ENABLE_RTREE=1 ENABLE_MATH_FUNCTIONS NO_SYNC=1 TEMP_STORE=1) \
    -DHAVE_USLEEP -DHAVE_GMTIME_R -DUSE_PREAD
$(SQLITE_TESTFIXTURE): third-party/sqlite/testfixture.mk stubdoms/apps/sqlite/build.mk $(SQLITE_AMALGAMATION)/ready $(TCL_ARCHIVE) \
    $(BUILD)/libraries/libz.a $(SDK_READY)
	@echo "  SQLITE  testfixture"
	+@cd $(SQLITE_AMALGAMATION) && $(MAKE) -f $(abspath $<) TOP=../source BCC="$(CC) -O1" TCC="$(abspath $(SKERRY_CC)) -O1 -w" \
	    OPTS="$(SQLITE_TEST_OPTIONS) -I$(abspath $(zlib_SOURCE))" TCL_FLAGS="$(addprefix -I$(abspath $(TCL_SOURCE))/,generic unix)" \
	    LIBTCL="$(abspath $(TCL_ARCHIVE) $(BUILD)/libraries/libz.a) -lm" testfixture-in-parts > testfixture.log 2>&1 || \
	    { tail -n 5 testfixture.log >&2; exit 1; }
	@mkdir -p $(@D) && cp $(SQLITE_AMALGAMATION)/testfixture $@
$(BUILD)/tests/system/real_programs_test: | $(addprefix $(BUILD)/apps/,sqlite sqlite-speedtest1 sqlite-fuzzcheck sqlite-testfixture)
