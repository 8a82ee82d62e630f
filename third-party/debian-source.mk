# SPDX-License-Identifier: MIT
# How a C library is built from a Debian source package, in three variants:
#   $(BUILD)/third-party/<name>/lib.a        freestanding, for unikernels (no red zone, no SSE, no libc but third-party/freestanding)
#   $(BUILD)/third-party/<name>/lib-host.a   for host unit tests, under ASan
#   $(BUILD)/third-party/<name>/lib-fuzz.a   for libFuzzer targets (clang)
# A recipe is third-party/<name>/build.mk: it sets <name>_PACKAGE, <name>_FILES (relative to the source) and <name>_FLAGS
# (used by all variants; $(<name>_SOURCE) is the unpacked upstream source), then does $(eval $(call debian_library,<name>)).
# Users add $(<name>_INCLUDE) to their flags and make their objects depend on $(<name>_READY).

THIRD_PARTY := $(BUILD)/third-party
THIRD_PARTY_COMMON := -std=gnu11 -g -w -MMD -MP
THIRD_PARTY_FREESTANDING_FLAGS := $(THIRD_PARTY_COMMON) -O2 -ffreestanding -nostdinc -isystem third-party/freestanding \
    -isystem $(shell $(CC) -print-file-name=include) -mno-red-zone -mgeneral-regs-only -fno-pic -fno-pie -fno-stack-protector \
    -fcf-protection=none -fno-asynchronous-unwind-tables -ffunction-sections -fdata-sections \
    -U__linux__ -Ulinux -U__gnu_linux__ -U__unix__ -Uunix
THIRD_PARTY_HOST_FLAGS := $(THIRD_PARTY_COMMON) -O1 -fno-omit-frame-pointer -fsanitize=address
THIRD_PARTY_FUZZ_FLAGS := $(THIRD_PARTY_COMMON) -O1 -fno-omit-frame-pointer -fsanitize=address,fuzzer-no-link

# $(call third_party_variant,name,archive,object folder,compiler,flags)
define third_party_variant
$(THIRD_PARTY)/$(1)/$(2): $$(patsubst %.c,$(THIRD_PARTY)/$(1)/$(3)/%.o,$$($(1)_FILES))
	@rm -f $$@
	ar rcs $$@ $$^
$$(patsubst %.c,$(THIRD_PARTY)/$(1)/$(3)/%.o,$$($(1)_FILES)): $(THIRD_PARTY)/$(1)/$(3)/%.o: $$($(1)_READY) third-party/$(1)/build.mk
	@mkdir -p $$(@D)
	$(4) $(5) $$($(1)_FLAGS) -c $$($(1)_SOURCE)/$$*.c -o $$@
-include $$(patsubst %.c,$(THIRD_PARTY)/$(1)/$(3)/%.d,$$($(1)_FILES))
endef

define debian_library
$(1)_READY := $(THIRD_PARTY)/$(1)/version.txt
$(THIRD_PARTY)/$(1)/version.txt: third-party/fetch-source
	third-party/fetch-source $$($(1)_PACKAGE) $(THIRD_PARTY)/$(1)
$(call third_party_variant,$(1),lib.a,freestanding,$$(CC),$$(THIRD_PARTY_FREESTANDING_FLAGS))
$(call third_party_variant,$(1),lib-host.a,host,$$(CC),$$(THIRD_PARTY_HOST_FLAGS))
$(call third_party_variant,$(1),lib-fuzz.a,fuzz,clang,$$(THIRD_PARTY_FUZZ_FLAGS))
endef
third_party_source = $(THIRD_PARTY)/$(1)/source
