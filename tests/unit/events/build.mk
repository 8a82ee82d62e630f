# SPDX-License-Identifier: MIT
# Host unit tests of xen-core/events.
EVENTS_TEST_SOURCES := $(wildcard tests/unit/events/*.cpp) $(wildcard xen-core/events/*.cpp) tests/unit/support/xen_core_host.cpp
EVENTS_TEST_OBJECTS := $(EVENTS_TEST_SOURCES:%.cpp=$(BUILD)/tests/obj/events/%.o)

UNIT_TESTS += $(BUILD)/tests/unit/events

$(BUILD)/tests/obj/events/%.o: %.cpp tests/unit/events/build.mk
	@mkdir -p $(@D)
	$(HOST_CXX) $(HOST_CXXFLAGS) -DSKERRY_CHECK_LOCKS -D__XEN_TOOLS__ -Ixen-core -c $< -o $@

$(BUILD)/tests/unit/events: $(EVENTS_TEST_OBJECTS)
	@mkdir -p $(@D)
	$(HOST_CXX) $(HOST_CXXFLAGS) $^ $(HOST_LDLIBS) -o $@

-include $(EVENTS_TEST_OBJECTS:.o=.d)
