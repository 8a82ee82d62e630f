# SPDX-License-Identifier: MIT
# libFuzzer on the page-table code: the hostile run of the unit tests, its choices made by the fuzzer.
FUZZ_PV_MMU_SOURCES := tests/fuzz/pv_mmu/pv_mmu_fuzz.cpp tests/unit/pv_mmu/hostile_run.cpp tests/unit/pv_mmu/reference_model.cpp \
    tests/unit/support/host_machine.cpp tests/unit/support/xen_core_host.cpp $(wildcard xen-core/pv_mmu/*.cpp xen-core/memory/*.cpp)

FUZZ_TARGETS += $(BUILD)/tests/fuzz/pv_mmu

$(BUILD)/tests/fuzz/pv_mmu: $(FUZZ_PV_MMU_SOURCES) tests/fuzz/pv_mmu/build.mk
	@mkdir -p $(@D)
	$(CLANGXX) -std=gnu++20 -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all -DSKERRY_HOST=1 \
	  -DSKERRY_CHECK_LOCKS -D__XEN_TOOLS__ -Itests/unit/support/machine -Ixen-core -Itests/unit/support -Itests/unit/pv_mmu $(FUZZ_PV_MMU_SOURCES) -o $@
