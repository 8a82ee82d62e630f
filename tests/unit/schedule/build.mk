# SPDX-License-Identifier: MIT
# Host unit tests of xen-core/schedule.
SCHEDULE_TEST_SOURCES := $(wildcard tests/unit/schedule/*.cpp) $(wildcard xen-core/schedule/*.cpp) tests/unit/support/xen_core_host.cpp
SCHEDULE_TEST_OBJECTS := $(SCHEDULE_TEST_SOURCES:%.cpp=$(BUILD)/tests/obj/schedule/%.o)

UNIT_TESTS += $(BUILD)/tests/unit/schedule

$(BUILD)/tests/obj/schedule/%.o: %.cpp tests/unit/schedule/build.mk
	@mkdir -p $(@D)
	$(HOST_CXX) $(HOST_CXXFLAGS) -DSKERRY_CHECK_LOCKS -D__XEN_TOOLS__ -Ixen-core -c $< -o $@

$(BUILD)/tests/unit/schedule: $(SCHEDULE_TEST_OBJECTS)
	@mkdir -p $(@D)
	$(HOST_CXX) $(HOST_CXXFLAGS) $^ $(HOST_LDLIBS) -o $@

-include $(SCHEDULE_TEST_OBJECTS:.o=.d)
