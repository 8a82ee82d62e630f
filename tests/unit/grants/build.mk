# SPDX-License-Identifier: MIT
# Host unit tests of xen-core/grants.
GRANTS_TEST_SOURCES := $(wildcard tests/unit/grants/*.cpp xen-core/grants/*.cpp xen-core/memory/*.cpp) \
                       tests/unit/support/host_machine.cpp tests/unit/support/xen_core_host.cpp
GRANTS_TEST_OBJECTS := $(GRANTS_TEST_SOURCES:%.cpp=$(BUILD)/tests/obj/grants/%.o)
UNIT_TESTS += $(BUILD)/tests/unit/grants
$(BUILD)/tests/obj/grants/%.o: %.cpp tests/unit/grants/build.mk
	@mkdir -p $(@D)
	@echo "  HOSTCXX $<"; $(HOST_CXX) $(HOST_CXXFLAGS) -DSKERRY_CHECK_LOCKS -D__XEN_TOOLS__ -Itests/unit/support/machine -Ixen-core -Itests/unit/support -c $< -o $@
$(BUILD)/tests/unit/grants: $(GRANTS_TEST_OBJECTS)
	@mkdir -p $(@D)
	@$(HOST_CXX) $(HOST_CXXFLAGS) $^ $(HOST_LDLIBS) -o $@
-include $(GRANTS_TEST_OBJECTS:.o=.d)
