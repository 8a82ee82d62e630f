# SPDX-License-Identifier: MIT
# Host unit tests of those parts of xen-core/domain and xen-core/boot that are pure.
DOMAIN_TEST_SOURCES := $(wildcard tests/unit/domain/*.cpp) xen-core/boot/first_domain_plan.cpp
DOMAIN_TEST_OBJECTS := $(DOMAIN_TEST_SOURCES:%.cpp=$(BUILD)/tests/obj/domain/%.o)
UNIT_TESTS += $(BUILD)/tests/unit/domain
$(BUILD)/tests/obj/domain/%.o: %.cpp tests/unit/domain/build.mk
	@mkdir -p $(@D)
	@echo "  HOSTCXX $<"; $(HOST_CXX) $(HOST_CXXFLAGS) -D__XEN_TOOLS__ -Itests/unit/support/machine -Ixen-core -Itests/unit/support -c $< -o $@
$(BUILD)/tests/unit/domain: $(DOMAIN_TEST_OBJECTS)
	@mkdir -p $(@D)
	@$(HOST_CXX) $(HOST_CXXFLAGS) $^ $(HOST_LDLIBS) -o $@
-include $(DOMAIN_TEST_OBJECTS:.o=.d)
