# SPDX-License-Identifier: MIT
# Host units of builder-domain: all of it but its binding to minios (main.cpp, xen/).
BUILDER_TEST_SOURCES := $(wildcard tests/unit/builder-domain/*.cpp tests/unit/builder-domain/*/*.cpp)
BUILDER_TEST_LOGIC := $(wildcard $(addprefix builder-domain/,$(addsuffix /*.cpp,base description modules image layout create platform service)))
BUILDER_TEST_OBJECTS := $(patsubst %.cpp,$(BUILD)/obj/host/%.o,$(BUILDER_TEST_LOGIC) $(BUILDER_TEST_SOURCES))

$(BUILDER_TEST_OBJECTS): $(BUILD)/obj/host/%.o: %.cpp tests/unit/builder-domain/build.mk
	@mkdir -p $(@D)
	$(HOST_CXX) $(HOST_CXXFLAGS) -I. -Iminios/include -c $< -o $@

$(BUILD)/tests/unit/builder-domain: $(BUILDER_TEST_OBJECTS)
	@mkdir -p $(@D)
	$(HOST_CXX) $(HOST_CXXFLAGS) $^ $(HOST_LDLIBS) -o $@

UNIT_TESTS += $(BUILD)/tests/unit/builder-domain
-include $(BUILDER_TEST_OBJECTS:.o=.d)
