# SPDX-License-Identifier: MIT
# Targets of the whole tree: packages, run, iso, sizes, fuzz, lint, help.

# --- Debian packages -------------------------------------------------------------------------------------------------
# Make remakes the makefiles it includes before anything else, so what is missing is installed before the first compiler runs.
# With nothing missing this is a quick check; `make PACKAGES=no` skips it.
PACKAGE_GROUPS := build $(if $(filter test test-% bench% fuzz% lint sizes iso check,$(MAKECMDGOALS)),test) \
    $(if $(filter test test-system,$(MAKECMDGOALS))$(filter %.ml %ocaml %ocaml/,$(APP)),ocaml) \
    $(if $(filter test-bochs,$(MAKECMDGOALS)),bochs) \
    $(if $(filter test test-system test-programs-long bench%,$(MAKECMDGOALS))$(findstring sqlite,$(APP)),sqlite)
PACKAGES_STAMP := $(BUILD)/packages-$(subst $() ,-,$(strip $(PACKAGE_GROUPS))).mk
ifneq ($(PACKAGES),no)
ifneq ($(filter-out help clean,$(or $(MAKECMDGOALS),all)),)
include $(PACKAGES_STAMP)
$(PACKAGES_STAMP): tools/packages.txt tools/install-packages
	@tools/install-packages $(PACKAGE_GROUPS) </dev/null
	@mkdir -p $(@D) && echo "# packages of tools/packages.txt are installed" > $@
endif
endif

# --- Running the platform --------------------------------------------------------------------------------------------
PLATFORM_IMAGES := $(addprefix $(BUILD)/,xen-core builder-domain console pv-boot)
PLANE_IMAGES := $(addprefix $(BUILD)/,apps/xenstore toolstack skerry)

.PHONY: run iso
ifdef APP
# One program as a domain: APP is an image, a C, C++ or OCaml source, or a program of stubdoms/apps by its name or folder (which may have
# several). With GDB=1 it waits for gdb: sources and programs of stubdoms/apps are linked anew, with the stub.
ifneq ($(word 2,$(APP)),)
$(error APP is one path, and make knows none with spaces: '$(APP)')
endif
ifneq ($(filter %.c %.cc %.cpp %.ml,$(APP)),)
# Sources of one name, in different folders or languages, are different programs, and none of them is one of stubdoms/apps.
APP_PROGRAM := sources$(abspath $(APP))/$(basename $(notdir $(APP)))
$(eval $(call $(if $(filter %.ml,$(APP)),skerry-ocaml-program,skerry-program),$(APP_PROGRAM),$(abspath $(APP))))
else
APP_PROGRAM := $(firstword $(filter $(SKERRY_PROGRAMS),$(APP) $(foreach folder,stubdoms $(BUILD),$(patsubst $(abspath $(folder)/apps)/%,%,$(abspath $(APP))))))
endif
APP_IMAGE := $(if $(APP_PROGRAM),$(BUILD)/apps/$(APP_PROGRAM)$(if $(GDB),.gdb),$(APP))
export MEMORY ENV FILES GDB DEBUG_HEAP
# Standard output is the program's: what is built for it is said on standard error.
.PHONY: app
app: $(addprefix $(BUILD)/,xen-core builder-domain console) $(APP_IMAGE)
	@:
run:
	@$(MAKE) --no-print-directory PACKAGES=no app >&2
	@tools/run-program $(BUILD) $(APP_IMAGE) $(ARGS)
else
run: $(PLATFORM_IMAGES) $(PLANE_IMAGES) $(DEBIAN_FILES) $(INITRAMFS)
	@KERNEL='$(KERNEL)' $(if $(filter-out undefined,$(origin INITRD)),INITRD='$(INITRD)') MEMORY='$(MEMORY)' VCPUS='$(VCPUS)' \
	 $(if $(filter-out undefined,$(origin CMDLINE)),CMDLINE='$(CMDLINE)') tools/run $(BUILD)
endif

# An image for GRUB on a real machine (BIOS or UEFI, from a stick or a disc), with the demonstration guest on it.
iso: $(BUILD)/skerry.iso
$(BUILD)/skerry.iso: $(PLATFORM_IMAGES) $(PLANE_IMAGES) $(DEBIAN_FILES) $(INITRAMFS) tools/make-iso tools/make-images builder-domain/make-platform
	@tools/make-iso $@ $(BUILD)

# --- Looking after the source ----------------------------------------------------------------------------------------
SOURCE_FOLDERS := xen-core minios stubdoms builder-domain toolstack driver-domains tests tools third-party
CODE_OF = $(shell git ls-files --cached --others --exclude-standard $(1))
CLANG_FILES = $(filter %.cpp %.h,$(call CODE_OF,$(SOURCE_FOLDERS)))

.PHONY: sizes lint format fuzz help
sizes:
	@tools/sizes $(SOURCE_FOLDERS)

lint:
	@clang-format --dry-run --Werror $(CLANG_FILES) && echo "clang-format: $(words $(CLANG_FILES)) files as they should be"
	@tools/tidy $(BUILD) $(filter xen-core/%.cpp,$(CLANG_FILES))
format:
	@clang-format -i $(CLANG_FILES)

# Each fuzz target for FUZZ_SECONDS (default 60) from its corpus in build/corpus.
FUZZ_SECONDS ?= 60
fuzz: $(FUZZ_TARGETS)
	@tools/fuzz $(FUZZ_SECONDS) $(BUILD)/corpus $(FUZZ_TARGETS)

help:
	@echo 'make            build everything'
	@echo 'make run        boot Debian Linux on the platform in QEMU, on this terminal; poweroff (or Ctrl-A X) leaves'
	@echo '                KERNEL=FILE INITRD=FILE CMDLINE="..." MEMORY=512M VCPUS=2    (INITRD= for none)'
	@echo 'make run APP=hello-c | APP=IMAGE | APP=FILE.c|.ml   runs one program as a domain; its exit status comes back'
	@echo '                ARGS="..." ENV="NAME=VALUE ..." MEMORY=32M FILES=DIRECTORY; standard input may be a pipe'
	@echo '                GDB=1: it waits for gdb, and says what to type in another terminal (minios/debug/README.md)'
	@echo 'make sdk        build/sdk: skerry-cc and skerry-c++ for programs that run as a domain (minios/sdk/README.md)'
	@echo 'make iso        build/skerry.iso for GRUB on a real machine'
	@echo 'make test       all tests; ends with "N passed, N failed"'
	@echo '    test-unit   host unit tests          test-guests   tiny guests on xen-core'
	@echo '    test-system QEMU scenarios           test-oracle   tiny guests on Debian'"'"'s Xen'
	@echo '    test-bochs   guests and Linux on Bochs, which has PCID, x2APIC and SMAP'
	@echo '    compare-xen  every call and much of the machine as a guest sees it, on xen-core and on Debian'"'"'s Xen: what differs'
	@echo '    test-conformance   more of the suites of newlib and libstdc++'
	@echo '    test-scale         1,000 guests at once, 1,000 lives, 200 killed services'
	@echo '    test-programs-long larger runs of real programs'
	@echo '    GTEST_FILTER=PATTERN picks tests, e.g. make test-oracle GTEST_FILTER="guest_events.*"'
	@echo 'make bench      instructions per operation, here and on Debian'"'"'s Xen; build/bench.json'
	@echo 'make fuzz       every fuzz target for FUZZ_SECONDS=60'
	@echo 'make sizes      lines of code per folder    make lint   clang-format and clang-tidy    make format'
	@echo 'make clean      remove build/'
	@echo 'Missing Debian packages are installed first (PACKAGES=no to skip that).'

# --- Generated documentation -------------------------------------------------------------------------------------------
$(BUILD)/tools/abi-page: tools/abi_page.cpp tests/guests/authority/operations.h xen-core/hypercalls/list.h xen-core/hypercalls/control/extensions.h
	@mkdir -p $(@D)
	@echo "  HOSTCXX $<"; $(HOST_CXX) $(HOST_CXXFLAGS) -D__XEN_TOOLS__ -D__XEN_INTERFACE_VERSION__=__XEN_LATEST_INTERFACE_VERSION__ -Ixen-core -I. $< -o $@
$(BUILD)/abi.md: $(BUILD)/tools/abi-page
	@$< > $@
.PHONY: docs abi-page-is-fresh
docs: $(BUILD)/abi.md
	@cp $< docs/abi.md
abi-page-is-fresh: $(BUILD)/abi.md
	@cmp -s $< docs/abi.md || { echo "docs/abi.md is stale: run 'make docs'" >&2; exit 1; }
all: abi-page-is-fresh
