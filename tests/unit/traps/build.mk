# SPDX-License-Identifier: MIT
# Host unit tests of the pure parts of xen-core/traps and of segment descriptors.
TRAPS_TEST_SOURCES := $(wildcard tests/unit/traps/*.cpp) xen-core/traps/instruction.cpp \
                      xen-core/traps/cpuid_policy.cpp
TRAPS_TEST_OBJECTS := $(TRAPS_TEST_SOURCES:%.cpp=$(BUILD)/tests/obj/traps/%.o)

UNIT_TESTS += $(BUILD)/tests/unit/traps

$(BUILD)/tests/obj/traps/%.o: %.cpp tests/unit/traps/build.mk
	@mkdir -p $(@D)
	$(HOST_CXX) $(HOST_CXXFLAGS) -D__XEN_TOOLS__ -Ixen-core -c $< -o $@

$(BUILD)/tests/unit/traps: $(TRAPS_TEST_OBJECTS)
	@mkdir -p $(@D)
	$(HOST_CXX) $(HOST_CXXFLAGS) $^ $(HOST_LDLIBS) -o $@

-include $(TRAPS_TEST_OBJECTS:.o=.d)
