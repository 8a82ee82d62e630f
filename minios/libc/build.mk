# SPDX-License-Identifier: MIT
# build/sdk: what a program needs to become a domain (minios/sdk/README.md), and libskerryc, the part of its C library that is ours.
#
#   $(eval $(call skerry-program,NAME,SOURCES...))
#
# makes build/apps/NAME (stripped) and build/apps/NAME.debug from C, C++ or assembly SOURCES with the SDK's compilers; build/apps/NAME.gdb,
# the same with a gdb stub (minios/debug), when asked for. Before the call a fragment may set NAME_FLAGS (for compiling), NAME_LIBS (for
# linking), NAME_PREREQUISITES (what else is linked), NAME_NEEDS (what has to be there before anything is compiled), and
# NAME_FOR = test for a program that `make` alone does not build. Sources may be made by a rule of their own.
#
#   $(eval $(call skerry-library,NAME,SOURCES...))
#
# makes build/libraries/libNAME.a for several programs; NAME_FLAGS and NAME_NEEDS as above.

SKERRY_CC := $(SDK)/bin/skerry-cc
SKERRY_CXX := $(SDK)/bin/skerry-c++
SDK_FILES := $(SDK)/built/files
SDK_READY := $(SDK)/built/all

XEN_HEADERS := /usr/include/xen
SDK_SOURCES := $(wildcard minios/sdk/*) $(SDK_OVERLAY) $(wildcard minios/include/minios/*.h minios/include/minios/*/*.h) \
    minios/arch/x86_64/minios.ld minios/make-symbols third-party/target/flags
$(SDK_FILES): $(SDK_SOURCES) minios/libc/build.mk $(NEWLIB_READY) $(MUSL_READY)
	@echo "  SDK     headers and wrappers"
	@mkdir -p $(SDK)/bin $(SDK)/include $(SDK)/lib/skerry $(SDK)/lib/pkgconfig $(SDK)/cmake
	@rm -rf $(SDK)/include/posix $(SDK)/include/minios $(SDK)/include/xen
	@cp -Rp minios/libc/include/posix minios/include/minios $(SDK)/include/
	@cp -RLp $(XEN_HEADERS) $(SDK)/include/xen
	@cp minios/sdk/skerry-cc minios/sdk/skerry-ocamlopt $(SDK)/bin/ && ln -sf skerry-cc $(SDK)/bin/skerry-c++
	@cp minios/sdk/ld minios/make-symbols minios/arch/x86_64/minios.ld third-party/target/flags $(SDK)/lib/skerry/
	@cp minios/sdk/skerry.pc $(SDK)/lib/pkgconfig/ && cp minios/sdk/skerry.cmake $(SDK)/cmake/
	@for name in pthread rt dl; do rm -f $(SDK)/lib/lib$$name.a && ar rcs $(SDK)/lib/lib$$name.a; done
	@mkdir -p $(@D) && touch $@

LIBSKERRYC_SOURCES := $(wildcard minios/libc/*.cpp minios/libc/*.c minios/cxx/*.cpp)
LIBSKERRYC_OBJECTS := $(patsubst %,$(BUILD)/obj/%.o,$(basename $(LIBSKERRYC_SOURCES)))
# With the kernel's stack guard, since the programs' own is in the thread block that start.cpp makes first.
LIBSKERRYC_FLAGS := -O2 -g -mstack-protector-guard=global -Wall -Wextra -Werror -MMD -MP -I.
LIBSKERRYC_CXXFLAGS := $(LIBSKERRYC_FLAGS) -std=gnu++20 -fno-exceptions -fno-rtti -fno-threadsafe-statics -fno-asynchronous-unwind-tables

$(filter $(BUILD)/obj/minios/libc/%.o $(BUILD)/obj/minios/cxx/%.o,$(patsubst %.cpp,$(BUILD)/obj/%.o,$(filter %.cpp,$(LIBSKERRYC_SOURCES)))): $(BUILD)/obj/%.o: %.cpp minios/libc/build.mk $(SDK_FILES) $(LIBSTDCXX_READY)
	@mkdir -p $(@D)
	@echo "  SKERRYC $<"; $(SKERRY_CXX) $(LIBSKERRYC_CXXFLAGS) -c $< -o $@
$(patsubst %.c,$(BUILD)/obj/%.o,$(filter %.c,$(LIBSKERRYC_SOURCES))): $(BUILD)/obj/%.o: %.c minios/libc/build.mk $(SDK_FILES)
	@mkdir -p $(@D)
	@echo "  SKERRYC $<"; $(SKERRY_CC) $(LIBSKERRYC_FLAGS) -fexceptions -c $< -o $@
# They only jump.
$(BUILD)/obj/minios/libc/fused_mathematics.o: LIBSKERRYC_CXXFLAGS += -fomit-frame-pointer
# The compiler must not make calls of memcpy and its kind of what they are written as.
$(addprefix $(BUILD)/obj/minios/libc/,copying.o scanning.o comparing.o): LIBSKERRYC_FLAGS += -O3 -fno-builtin -fno-tree-loop-distribute-patterns

# What newlib has in its sources but builds for no system like ours: regular expressions and patterns, names of files, and the kinds of execve().
NEWLIB_POSIX_OBJECTS := $(patsubst %,$(BUILD)/obj/newlib-posix/%.o,$(addprefix posix/,regcomp regexec regerror regfree collcmp fnmatch glob \
    execl execle execlp execv execvp posix_spawn) unix/basename unix/dirname)
$(BUILD)/obj/newlib-posix/posix/glob.o: NEWLIB_POSIX_FLAGS := -Dglob=newlib_glob # minios/libc/patterns.cpp
$(NEWLIB_POSIX_OBJECTS): $(BUILD)/obj/newlib-posix/%.o: minios/libc/build.mk $(SDK_FILES)
	@mkdir -p $(@D)
	@echo "  SKERRYC newlib's $*.c"; $(SKERRY_CC) -O2 -g1 -w -fno-stack-protector -DMISSING_SYSCALL_NAMES -include _syslist.h -D_GNU_SOURCE $(NEWLIB_POSIX_FLAGS) -c $(NEWLIB_WORK)/source/newlib/libc/$*.c -o $@
$(SDK)/lib/libskerryc.a: $(LIBSKERRYC_OBJECTS) $(NEWLIB_POSIX_OBJECTS)
	@rm -f $@
	ar rcs $@ $^
# The network's glue (minios/net), over lwIP: linked only into programs that use sockets.
LIBSKERRYNET_SOURCES := $(wildcard minios/net/*.cpp)
LIBSKERRYNET_OBJECTS := $(patsubst %.cpp,$(BUILD)/obj/%.o,$(LIBSKERRYNET_SOURCES))
$(LIBSKERRYNET_OBJECTS): $(BUILD)/obj/%.o: %.cpp minios/libc/build.mk $(SDK_FILES) $(LIBSTDCXX_READY) $(LWIP_HEADERS_READY) $(CARES_WORK)/version.txt
	@mkdir -p $(@D)
	@echo "  SKERRYC $<"; $(SKERRY_CXX) $(LIBSKERRYC_CXXFLAGS) $(CARES_FLAGS) -c $< -o $@
$(SDK)/lib/libskerrynet.a: $(LIBSKERRYNET_OBJECTS)
	@rm -f $@
	ar rcs $@ $^

$(SDK)/lib/libminios.a: $(BUILD)/libminios.a $(SDK_FILES)
	@cp $< $@
# -lskerrygdb: an object that is linked whether anything asks for it or not, so the library is a script for the linker.
$(SDK)/lib/libskerrygdb.a: $(BUILD)/minios-gdb-stub.o $(SDK_FILES)
	@cp $< $(SDK)/lib/skerry/gdb-stub.o
	@echo 'INPUT(skerry/gdb-stub.o)' > $@
-include $(LIBSKERRYC_OBJECTS:.o=.d) $(LIBSKERRYNET_OBJECTS:.o=.d)

$(SDK_READY): $(patsubst %,$(SDK)/lib/lib%.a,skerryc skerrynet skerrygdb lwip cares minios) $(LIBGCC_READY) $(LIBSTDCXX_READY) $(SDK_FILES)
	@mkdir -p $(@D) && touch $@
.PHONY: sdk
sdk: $(SDK_READY)
all: sdk

# $(call skerry-object,OBJECT FOLDER,SOURCE,FLAGS,NEEDS): one source with the SDK's compilers. The SDK's headers keep their times, and the compiler
# says which ones were read: a change in a library compiles nothing again.
define skerry-object
$(1)/$(basename $(2)).o: $(2) minios/sdk/skerry-cc third-party/target/flags $(4) | $(SDK_READY)
	@mkdir -p $$(@D)
	@echo "  $(if $(filter %.cpp %.cc,$(2)),CXX,CC)     $(2)"; $(if $(filter %.cpp %.cc,$(2)),$(SKERRY_CXX) -std=gnu++20,$(SKERRY_CC)) -O2 -g -Wall -Wextra -MMD -MP -I. $(3) -c $$< -o $$@
endef

define skerry-program
$(1)_OBJECTS := $(patsubst %,$(BUILD)/obj/apps/$(1)/%.o,$(basename $(2)))
$(foreach source,$(2),$(eval $(call skerry-object,$(BUILD)/obj/apps/$(1),$(source),$$($(1)_FLAGS),$$($(1)_NEEDS))))
$(BUILD)/apps/$(1).debug: $$($(1)_OBJECTS) $$($(1)_PREREQUISITES) $(SDK_READY)
	@mkdir -p $$(@D)
	@echo "  LINK    $(1)"; $(if $(filter %.cpp %.cc,$(2)),$(SKERRY_CXX),$(SKERRY_CC)) -o $$@ $$($(1)_OBJECTS) $$($(1)_LIBS)
$(BUILD)/apps/$(1).gdb.debug: $$($(1)_OBJECTS) $$($(1)_PREREQUISITES) $(SDK_READY)
	@mkdir -p $$(@D)
	@echo "  LINK    $(1).gdb"; $(if $(filter %.cpp %.cc,$(2)),$(SKERRY_CXX),$(SKERRY_CC)) -o $$@ $$($(1)_OBJECTS) $$($(1)_LIBS) -lskerrygdb
$(addprefix $(BUILD)/apps/,$(1) $(1).gdb): $(BUILD)/apps/%: $(BUILD)/apps/%.debug
	@objcopy --strip-all $$< $$@
SKERRY_PROGRAMS += $(1)
$(if $(filter test,$($(1)_FOR)),,all: $(BUILD)/apps/$(1))
-include $$($(1)_OBJECTS:.o=.d)
endef

define skerry-library
$(1)_OBJECTS := $(patsubst %,$(BUILD)/obj/libraries/$(1)/%.o,$(basename $(2)))
$(foreach source,$(2),$(eval $(call skerry-object,$(BUILD)/obj/libraries/$(1),$(source),$$($(1)_FLAGS),$$($(1)_NEEDS))))
$(BUILD)/libraries/lib$(1).a: $$($(1)_OBJECTS)
	@mkdir -p $$(@D); rm -f $$@
	@echo "  AR      lib$(1).a"; ar rcs $$@ $$^
-include $$($(1)_OBJECTS:.o=.d)
endef
