# SPDX-License-Identifier: MIT
# How build-suite's tests are compiled: a makefile of its own, called with OUTPUT and SDK.
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all
MAKEFLAGS += --no-builtin-rules
CC := $(SDK)/bin/skerry-cc
CXX := $(SDK)/bin/skerry-c++
GCC_TESTSUITE := $(SDK)/../third-party/gcc/source/libstdc++-v3/testsuite
LIBRARIES := $(wildcard $(SDK)/lib/*.a) # images are linked anew when these change
NEWLIB_TESTSUITE := $(SDK)/../third-party/newlib/source/newlib/testsuite
libstdcxx_FLAGS := -x c++ -std=gnu++17 -O1 -w -fno-gnu-unique -I$(GCC_TESTSUITE)/util -DSIMULATOR_TEST
newlib_FLAGS := -x c -O1 -w -I$(NEWLIB_TESTSUITE)/include

# $(call compile,NAME,SOURCE,OPTIONS)
define compile
mkdir -p $(@D) && $(CXX) $(3) -c $(2) -o $@.whole && ld -r --force-group-allocation $@.whole -o $@.local && \
objcopy --redefine-sym main=conformance_test_$(1) $(foreach call,exit _exit _Exit quick_exit,--redefine-sym $(call)=conformance_$(call)) \
    --keep-global-symbol=conformance_test_$(1) $@.local $@ && \
rm -f $@.whole $@.local
endef

COMMON := $(OUTPUT)/runner.o $(patsubst %,$(OUTPUT)/testsuite_%.o,allocator character hooks)
include $(OUTPUT)/suite.mk
$(OUTPUT)/runner.o: tests/conformance/runner.cpp tests/conformance/runner.h
	@$(CXX) -std=gnu++20 -O2 -Wall -Wextra -Werror -c $< -o $@
$(OUTPUT)/testsuite_%.o: $(GCC_TESTSUITE)/util/testsuite_%.cc
	@$(CXX) $(libstdcxx_FLAGS) -c $< -o $@
