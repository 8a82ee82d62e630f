# SPDX-License-Identifier: MIT
# libFuzzer targets of the builder's parsers: the platform description, archives of modules, PV ELF images.
BUILDER_FUZZ_LOGIC := $(wildcard $(addprefix builder-domain/,$(addsuffix /*.cpp,base description modules image layout)))
BUILDER_FUZZ_FLAGS := -std=gnu++20 -O1 -g -Wall -Wextra -Werror -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
    -DSKERRY_HOST=1 -I. -Iminios/include

$(BUILD)/tests/fuzz/builder-%: tests/fuzz/builder-domain/%_fuzz.cpp $(BUILDER_FUZZ_LOGIC) $(wildcard builder-domain/*/*.h)
	@mkdir -p $(@D)
	$(CLANGXX) $(BUILDER_FUZZ_FLAGS) $(filter %.cpp,$^) -o $@

FUZZ_TARGETS += $(addprefix $(BUILD)/tests/fuzz/builder-,description modules image)
