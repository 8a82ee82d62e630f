# SPDX-License-Identifier: MIT
# The suites of newlib and libstdc++ as domains: a quick selection in `make test`, a longer one in `make test-conformance`.
CONFORMANCE := $(BUILD)/conformance
CONFORMANCE_FILES := $(wildcard tests/conformance/*)
# Every 24th line of libstdc++'s suite builds in about a minute on two processors, every 4th in about six.
CONFORMANCE_QUICK ?= 24
CONFORMANCE_FULL ?= 4

define conformance-suite
$(CONFORMANCE)/$(1)/ready: $(CONFORMANCE_FILES) $(SDK_READY) $(GCC_WORK)/version.txt $(NEWLIB_WORK)/version.txt
	@mkdir -p $$(@D)
	+@tests/conformance/plan $(THIRD_PARTY) $$(@D)/expected $(2) | tests/conformance/build-suite $$(@D) $(SDK) $$(MAKE)
	@touch $$@
endef
$(eval $(call conformance-suite,quick,$(CONFORMANCE_QUICK)))
$(eval $(call conformance-suite,full,$(CONFORMANCE_FULL)))
$(CONFORMANCE)/full/ready: | $(CONFORMANCE)/quick/ready # they share objects

# Files that tests read: their names begin with a letter and have a dot.
$(CONFORMANCE)/data.cpio: $(GCC_WORK)/version.txt
	@mkdir -p $(@D)
	@(cd $(GCC_WORK)/source/libstdc++-v3/testsuite/data && ls *.txt *.tst | grep -v thirty_years | cpio --quiet -o -H newc) > $@
$(CONFORMANCE)/newlib-atexit: $(NEWLIB_WORK)/version.txt $(SDK_READY)
	@mkdir -p $(@D)
	@echo "  LINK    $@"; $(SKERRY_CC) -O1 -w -s -o $@ $(NEWLIB_WORK)/source/newlib/testsuite/newlib.stdlib/atexit.c

$(BUILD)/tests/system/conformance_test: | $(CONFORMANCE)/quick/ready $(CONFORMANCE)/data.cpio $(CONFORMANCE)/newlib-atexit $(BUILD)/xen-core
.PHONY: test-conformance
test-conformance: $(CONFORMANCE)/full/ready $(BUILD)/tests/system/conformance_test
	@CONFORMANCE=full tests/run-all $(BUILD)/tests/results $(BUILD)/tests/system/conformance_test
