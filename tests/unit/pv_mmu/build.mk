# SPDX-License-Identifier: MIT
# Host unit tests of xen-core/pv_mmu, with the random runs against the reference model.
PV_MMU_TEST_SOURCES := $(wildcard tests/unit/pv_mmu/*.cpp xen-core/pv_mmu/*.cpp xen-core/memory/*.cpp ) tests/unit/support/host_machine.cpp tests/unit/support/xen_core_host.cpp
PV_MMU_TEST_OBJECTS := $(PV_MMU_TEST_SOURCES:%.cpp=$(BUILD)/tests/obj/pv_mmu/%.o)

UNIT_TESTS += $(BUILD)/tests/unit/pv_mmu

$(BUILD)/tests/obj/pv_mmu/%.o: %.cpp tests/unit/pv_mmu/build.mk
	@mkdir -p $(@D)
	$(HOST_CXX) $(HOST_CXXFLAGS) -DSKERRY_CHECK_LOCKS -D__XEN_TOOLS__ -Itests/unit/support/machine -Ixen-core -Itests/unit/support -c $< -o $@

$(BUILD)/tests/unit/pv_mmu: $(PV_MMU_TEST_OBJECTS)
	@mkdir -p $(@D)
	$(HOST_CXX) $(HOST_CXXFLAGS) $^ $(HOST_LDLIBS) -o $@

-include $(PV_MMU_TEST_OBJECTS:.o=.d)
