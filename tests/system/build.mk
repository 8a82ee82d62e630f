# SPDX-License-Identifier: MIT
# QEMU scenarios: each tests/system/<name>_test.cpp is a GoogleTest program that drives QEMU through qemu.h.
SYSTEM_TESTS := $(patsubst tests/system/%.cpp,$(BUILD)/tests/system/%,$(sort $(wildcard tests/system/*_test.cpp)))
SYSTEM_CXXFLAGS := -std=gnu++20 -O0 -g -Wall -Wextra -Werror -MMD -MP

$(BUILD)/obj/tests/system/%.o: tests/system/%.cpp
	@mkdir -p $(@D)
	$(HOST_CXX) $(SYSTEM_CXXFLAGS) -c $< -o $@
$(BUILD)/tests/system/%_test: $(BUILD)/obj/tests/system/%_test.o $(BUILD)/obj/tests/system/qemu.o
	@mkdir -p $(@D)
	$(HOST_CXX) -o $@ $^ -lgtest_main -lgtest -lpthread
.PRECIOUS: $(BUILD)/obj/tests/system/%.o
# Tests that are the operator of a platform with its control plane.
$(addprefix $(BUILD)/tests/system/,control_plane_test many_lives_test): $(BUILD)/obj/tests/system/plane.o
$(BUILD)/tests/system/many_lives_test: | $(BUILD)/unikernel $(BUILD)/store-load
-include $(wildcard $(BUILD)/obj/tests/system/*.d)

$(SYSTEM_TESTS): | $(DEBIAN_FILES) $(INITRAMFS)

.PHONY: test-guests test-bochs test-oracle compare-xen test-system test-programs-long test-scale
test-guests: all $(GUESTS) $(BUILD)/tests/system/guests_test
	@tests/run-all $(BUILD)/tests/results $(BUILD)/tests/system/guests_test
# The tiny guests and Linux on a machine with PCID, x2APIC, SMAP and others that QEMU's emulation has not. Left out: GRUB passes on
# words, not the spaces between them; and its clocks count instructions.
test-bochs: all $(GUESTS) $(BUILD)/tests/system/guests_test $(BUILD)/tests/system/linux_test
	@SKERRY_BOCHS=1 GTEST_FILTER=$${GTEST_FILTER:--guest_start.command_line_is_passed_verbatim:*ClockAgreesWithTheHost*} \
	 tests/run-all $(BUILD)/tests/results $(BUILD)/tests/system/guests_test $(BUILD)/tests/system/linux_test
# The same guests on Debian's Xen: what they say there is what is right.
test-oracle: $(GUESTS) $(BUILD)/tests/system/guests_test $(DEBIAN_FILES)
	@SKERRY_ORACLE=1 tests/run-all $(BUILD)/tests/results $(BUILD)/tests/system/guests_test
# What xen-core and Debian's Xen answer to a guest that tries everything, cell by cell (tests/guests/sweep).
compare-xen: $(BUILD)/xen-core $(BUILD)/tests/guests/sweep $(DEBIAN_FILES)
	@tests/guests/sweep/compare $(BUILD)
# Runs of real programs that take minutes: larger benchmarks, more of their corpora and suites.
test-programs-long: all $(BUILD)/tests/system/real_programs_test
	@SKERRY_LONG=1 tests/run-all $(BUILD)/tests/results $(BUILD)/tests/system/real_programs_test
# A thousand guests at once, a thousand lives, two hundred killed services.
test-scale: all $(BUILD)/tests/system/many_lives_test
	@SKERRY_LONG=1 tests/run-all $(BUILD)/tests/results $(BUILD)/tests/system/many_lives_test
test-system: all $(SYSTEM_TESTS)
	@tests/run-all $(BUILD)/tests/results $(SYSTEM_TESTS)
$(BUILD)/tests/system/linux_test: | $(BUILD)/tests/bench/vmlinux
$(BUILD)/tests/system/boot_test: | $(BUILD)/tests/guests/console $(BUILD)/skerry.iso $(BUILD)/tests/bench/vmlinux
# A program for debuggers; it can also overflow its stack.
debuggee_FLAGS := -O0
$(eval $(call skerry-program,debuggee,tests/system/debuggee/debuggee.cpp))
$(BUILD)/tests/system/run_test: | $(BUILD)/apps/hello-c $(BUILD)/apps/hello-cxx $(BUILD)/apps/copy-input $(BUILD)/apps/debuggee
$(BUILD)/tests/system/sdk_test: | $(SDK_READY)
$(BUILD)/tests/system/debugger_test: | $(BUILD)/apps/debuggee $(BUILD)/apps/debuggee.gdb
