# SPDX-License-Identifier: MIT
# libFuzzer on everything between a guest's entry and the frame table: hypercalls/, traps/ and all floors below, compiled
# for the host. tests/unit/support/machine stands in for the parts of arch/ that need the machine.
FUZZ_CORE_SOURCES := tests/fuzz/core/core_fuzz.cpp tests/fuzz/core/host_arch.cpp tests/unit/support/host_machine.cpp tests/unit/support/xen_core_host.cpp \
    $(filter-out %/cpu_entry.cpp,$(foreach floor,base memory schedule events grants pv_mmu domain hypercalls hypercalls/control traps,$(wildcard xen-core/$(floor)/*.cpp)))
FUZZ_CORE_OBJECTS := $(FUZZ_CORE_SOURCES:%.cpp=$(BUILD)/tests/obj/fuzz-core/%.o)

FUZZ_TARGETS += $(BUILD)/tests/fuzz/core

$(BUILD)/tests/obj/fuzz-core/%.o: %.cpp tests/fuzz/core/build.mk
	@mkdir -p $(@D)
	@echo "  HOSTCXX $<"; $(CLANGXX) -std=gnu++20 -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -MMD -MP \
	  -DSKERRY_HOST=1 -DSKERRY_CHECK_LOCKS -D__XEN_TOOLS__ -Itests/unit/support/machine -Ixen-core -Itests/unit/support -c $< -o $@

$(BUILD)/tests/fuzz/core: $(FUZZ_CORE_OBJECTS)
	@mkdir -p $(@D)
	$(CLANGXX) -fsanitize=fuzzer,address,undefined $^ -o $@

-include $(FUZZ_CORE_OBJECTS:.o=.d)
