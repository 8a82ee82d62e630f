# SPDX-License-Identifier: MIT
# Skerry: a hypervisor platform without a Dom0.   make help   lists what there is to do.
MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
SHELL := /bin/bash

BUILD := build
CXX   := g++
CC    := gcc
CLANGXX := clang++

HOST_CXX      := g++
# The tests themselves, which compile three times as fast without optimization; the code under test runs long enough to need it.
HOST_CXXFLAGS  = -std=gnu++20 $(if $(filter tests/%,$<),-O0,-O1) -g -Wall -Wextra -Werror -fno-omit-frame-pointer \
                 -fsanitize=address,undefined -fno-sanitize-recover=all -MMD -MP -DSKERRY_HOST=1
HOST_LDLIBS   := -lgtest_main -lgtest -lpthread

.PHONY: all help
all:

-include xen-core/build.mk
-include third-party/build.mk
-include minios/build.mk
-include stubdoms/build.mk
-include builder-domain/build.mk
-include toolstack/build.mk
-include tests/build.mk
-include tools/build.mk

clean:
	rm -rf $(BUILD)
.PHONY: clean
