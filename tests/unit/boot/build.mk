# SPDX-License-Identifier: MIT
# Host units of the parts of xen-core/boot, arch and base that are pure logic.
BOOT_TEST_SOURCES := $(wildcard tests/unit/boot/*_test.cpp) xen-core/base/format.cpp \
    xen-core/boot/options.cpp
BOOT_TEST_OBJECTS := $(BOOT_TEST_SOURCES:%.cpp=$(BUILD)/tests/obj/boot/%.o)

$(BOOT_TEST_OBJECTS): $(BUILD)/tests/obj/boot/%.o: %.cpp tests/unit/boot/build.mk
	@mkdir -p $(@D)
	$(HOST_CXX) $(HOST_CXXFLAGS) -Ixen-core -c $< -o $@

$(BUILD)/tests/unit/boot: $(BOOT_TEST_OBJECTS)
	@mkdir -p $(@D)
	$(HOST_CXX) $(HOST_CXXFLAGS) $^ $(HOST_LDLIBS) -o $@

UNIT_TESTS += $(BUILD)/tests/unit/boot
-include $(BOOT_TEST_OBJECTS:.o=.d)
