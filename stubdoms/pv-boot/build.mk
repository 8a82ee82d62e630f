# SPDX-License-Identifier: MIT
# build/pv-boot (the unikernel) and build/tools/make-bundle (packs a kernel and a ramdisk for it, for tests).

START_IN_PLACE := stubdoms/pv-boot/start_in_place
# All that runs on the host too; the rest needs minios.
START_IN_PLACE_PORTABLE := $(filter-out %/minios_domain.cpp %/departure.cpp,$(wildcard $(START_IN_PLACE)/*.cpp))
DECOMPRESSION := zlib 7zip lz4 zstd bzip2
DECOMPRESSION_READY := $(foreach library,$(DECOMPRESSION),$($(library)_READY))
DECOMPRESSION_INCLUDE := $(foreach library,$(DECOMPRESSION),$($(library)_INCLUDE))
DECOMPRESSION_LIBS := $(foreach library,$(DECOMPRESSION),$(THIRD_PARTY)/$(library)/lib.a)

pv-boot_SOURCES := stubdoms/pv-boot/main.cpp stubdoms/pv-boot/bundle_reader.cpp $(START_IN_PLACE_PORTABLE) \
    $(START_IN_PLACE)/minios_domain.cpp $(START_IN_PLACE)/departure.cpp $(START_IN_PLACE)/hand_over.S
pv-boot_CXXFLAGS := $(DECOMPRESSION_INCLUDE) -mgeneral-regs-only
pv-boot_LIBS := $(DECOMPRESSION_LIBS)
$(eval $(call minios-program,pv-boot,$(pv-boot_SOURCES)))
$(pv-boot_OBJECTS): | $(DECOMPRESSION_READY)
all: $(BUILD)/pv-boot

$(BUILD)/tools/make-bundle: stubdoms/pv-boot/tools/make_bundle.cpp stubdoms/pv-boot/bundle.h
	@mkdir -p $(@D)
	$(HOST_CXX) -std=gnu++20 -O1 -g -Wall -Wextra -Werror -I. $< -o $@
all: $(BUILD)/tools/make-bundle
