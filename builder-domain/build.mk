# SPDX-License-Identifier: MIT
# builder-domain: the first domain's image, and its platform description for `make run`.

BUILDER_LOGIC := $(wildcard builder-domain/base/*.cpp builder-domain/description/*.cpp builder-domain/modules/*.cpp \
    builder-domain/image/*.cpp builder-domain/layout/*.cpp builder-domain/create/*.cpp builder-domain/platform/*.cpp builder-domain/service/*.cpp)

$(eval $(call minios-program,builder-domain,builder-domain/main.cpp $(wildcard builder-domain/xen/*.cpp) $(BUILDER_LOGIC)))

all: $(BUILD)/builder-domain

# make run MEMORY=... VCPUS=... CMDLINE=...: the guest's share of build/platform.txt. PLATFORM_INITRD=no: without a ramdisk.
MEMORY  ?= 512M
VCPUS   ?= 2
CMDLINE ?= console=hvc0
PLATFORM_INITRD ?= yes
$(BUILD)/platform.txt: export MEMORY := $(MEMORY)
$(BUILD)/platform.txt: export VCPUS := $(VCPUS)
$(BUILD)/platform.txt: export CMDLINE := $(CMDLINE)
$(BUILD)/platform.txt: builder-domain-always
	@builder-domain/make-platform $@ INITRD=$(PLATFORM_INITRD)
.PHONY: builder-domain-always
builder-domain-always:

# What the builder's QEMU scenarios build (tests/system/builder_test.cpp).
$(eval $(call minios-program,builder-lodger,tests/system/lodger/main.cpp))
$(eval $(call minios-program,builder-client,tests/system/client/main.cpp))
$(BUILD)/tests/system/builder_test: | $(BUILD)/builder-client $(BUILD)/builder-lodger $(BUILD)/builder-domain
