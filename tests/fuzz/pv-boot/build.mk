# SPDX-License-Identifier: MIT
# libFuzzer targets of pv-boot: every parser, every decompressor driver (library included), and a whole start.
PV_BOOT_FUZZ_NAMES := $(patsubst tests/fuzz/pv-boot/fuzz_%.cpp,%,$(wildcard tests/fuzz/pv-boot/fuzz_*.cpp))
PV_BOOT_FUZZ_TARGETS := $(patsubst %,$(BUILD)/tests/fuzz/pv-boot-%,$(PV_BOOT_FUZZ_NAMES))
PV_BOOT_FUZZ_COMMON := $(patsubst %.cpp,$(BUILD)/obj/fuzz/%.o,stubdoms/pv-boot/bundle_reader.cpp $(START_IN_PLACE_PORTABLE))
PV_BOOT_FUZZ_OBJECTS := $(PV_BOOT_FUZZ_COMMON) $(patsubst %,$(BUILD)/obj/fuzz/tests/fuzz/pv-boot/fuzz_%.o,$(PV_BOOT_FUZZ_NAMES))

$(PV_BOOT_FUZZ_OBJECTS): $(BUILD)/obj/fuzz/%.o: %.cpp tests/fuzz/pv-boot/build.mk | $(DECOMPRESSION_READY)
	@mkdir -p $(@D)
	$(CLANGXX) -std=gnu++20 -O1 -g -Wall -Wextra -Werror -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all -MMD -MP -I. \
	    $(DECOMPRESSION_INCLUDE) -c $< -o $@

$(PV_BOOT_FUZZ_TARGETS): $(BUILD)/tests/fuzz/pv-boot-%: $(BUILD)/obj/fuzz/tests/fuzz/pv-boot/fuzz_%.o $(PV_BOOT_FUZZ_COMMON) \
    $(foreach library,$(DECOMPRESSION),$(THIRD_PARTY)/$(library)/lib-fuzz.a)
	@mkdir -p $(@D)
	$(CLANGXX) -fsanitize=address,undefined,fuzzer $^ -lgtest -lpthread -o $@

FUZZ_TARGETS += $(PV_BOOT_FUZZ_TARGETS)
-include $(PV_BOOT_FUZZ_OBJECTS:.o=.d)

# Seeds for them, straight into their corpora (build/corpus/<target>/, see tools/fuzz).
$(BUILD)/tests/fuzz/pv-boot-make-seeds: tests/fuzz/pv-boot/make_seeds.cpp $(wildcard tests/unit/pv-boot/*.h) stubdoms/pv-boot/bundle.h
	@mkdir -p $(@D)
	$(HOST_CXX) -std=gnu++20 -O1 -g -Wall -Wextra -Werror -I. $< -o $@
	$@ $(BUILD)/corpus
$(PV_BOOT_FUZZ_TARGETS): | $(BUILD)/tests/fuzz/pv-boot-make-seeds
