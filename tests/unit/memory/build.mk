# SPDX-License-Identifier: MIT
# Host unit tests of xen-core/memory.
MEMORY_TEST_SOURCES := $(wildcard tests/unit/memory/*.cpp xen-core/memory/*.cpp ) tests/unit/support/host_machine.cpp tests/unit/support/xen_core_host.cpp
MEMORY_TEST_OBJECTS := $(MEMORY_TEST_SOURCES:%.cpp=$(BUILD)/tests/obj/memory/%.o)

UNIT_TESTS += $(BUILD)/tests/unit/memory

$(BUILD)/tests/obj/memory/%.o: %.cpp tests/unit/memory/build.mk
	@mkdir -p $(@D)
	$(HOST_CXX) $(HOST_CXXFLAGS) -DSKERRY_CHECK_LOCKS -D__XEN_TOOLS__ -Itests/unit/support/machine -Ixen-core -Itests/unit/support -c $< -o $@

$(BUILD)/tests/unit/memory: $(MEMORY_TEST_OBJECTS)
	@mkdir -p $(@D)
	$(HOST_CXX) $(HOST_CXXFLAGS) $^ $(HOST_LDLIBS) -o $@

-include $(MEMORY_TEST_OBJECTS:.o=.d)
