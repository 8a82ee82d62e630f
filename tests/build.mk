# SPDX-License-Identifier: MIT
# make test: host unit tests, tiny guests and QEMU scenarios, one after the other, summed up in one last line.
#   make test UNIT=1            the host unit tests only           make test-guests      the tiny guests on xen-core
#   make test-oracle            the tiny guests on Debian's Xen    GTEST_FILTER=...      as always
# A unit test: tests/unit/<area>/build.mk adds build/tests/unit/<name> to UNIT_TESTS and says how it is built.
# A tiny guest: a folder tests/guests/<behaviour>/ with a main.cpp. A fuzz target: tests/fuzz/<area>/build.mk, FUZZ_TARGETS.

UNIT_TESTS   :=
FUZZ_TARGETS :=
-include $(wildcard tests/unit/*/build.mk)
-include $(wildcard tests/fuzz/*/build.mk)
-include tests/guests/build.mk
-include tests/programs/build.mk
-include tests/conformance/build.mk
-include tests/system/xenstore/build.mk
-include tests/system/build.mk
-include tests/bench/build.mk
-include tests/bench/xenstore/build.mk
-include tests/bench/plane/build.mk

.PHONY: test test-unit
test: all $(UNIT_TESTS) $(SYSTEM_TESTS) $(GUESTS)
	@tests/run-all $(BUILD)/tests/results $(UNIT_TESTS) $(SYSTEM_TESTS)
test-unit: $(UNIT_TESTS)
	@tests/run-all $(BUILD)/tests/results $(UNIT_TESTS)
