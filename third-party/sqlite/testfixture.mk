# SPDX-License-Identifier: MIT
# SQLite's testfixture, the interpreter of its test suite, for SQLite's own main.mk, which says what belongs to it: in objects, so that it can be
# compiled by several processors.
#   make -f testfixture.mk TOP=SQLITES_SOURCE TCC=... OPTS=... TCL_FLAGS=... LIBTCL=... testfixture-in-parts     in the amalgamation's directory
include $(TOP)/main.mk
TESTFIXTURE_SOURCES := $(TESTSRC) $(TOP)/src/tclsqlite.c sqlite3.c $(TOP)/ext/session/test_session.c
TESTFIXTURE_OBJECTS := $(patsubst %.c,testfixture.objects/%.o,$(notdir $(TESTFIXTURE_SOURCES)))
vpath %.c . $(sort $(dir $(TESTSRC))) $(TOP)/src $(TOP)/ext/session
.PHONY: testfixture-in-parts
testfixture-in-parts: $(TESTFIXTURE_OBJECTS)
	$(TCC) -s -o testfixture $(TESTFIXTURE_OBJECTS) $(LIBTCL)
$(TESTFIXTURE_OBJECTS): testfixture.objects/%.o: %.c
	@mkdir -p $(@D)
	$(TCCX) $(TCL_FLAGS) $(TESTFIXTURE_FLAGS) -c $< -o $@
