# SPDX-License-Identifier: MIT
# Tiny programs as domains, one folder for each behaviour with a main.c or main.cpp: build/apps/check-<folder>. programs_test runs them all.
PROGRAM_CHECKS := $(patsubst tests/programs/%/,%,$(dir $(wildcard tests/programs/*/main.c tests/programs/*/main.cpp)))
check-misuse_FLAGS := -fno-optimize-sibling-calls # so that back traces name every function
$(foreach name,$(PROGRAM_CHECKS),$(eval $(call skerry-program,check-$(name),$(wildcard tests/programs/$(name)/*.c tests/programs/$(name)/*.cpp))))
$(BUILD)/tests/system/programs_test $(BUILD)/tests/system/memory_test: | $(addprefix $(BUILD)/apps/check-,$(PROGRAM_CHECKS))
