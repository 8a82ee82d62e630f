# SPDX-License-Identifier: MIT
# Host units of the toolstack: the protocol and all of the domain but its binding to minios (toolstack/domain/xen).
# nlohmann-json's one file is compiled without sanitizers, which would take longer than everything else together; it is
# fuzzed with them (tests/fuzz/toolstack).
TOOLSTACK_TEST := $(BUILD)/tests/unit/toolstack
UNIT_TESTS += $(TOOLSTACK_TEST)

TOOLSTACK_TEST_SOURCES := $(wildcard tests/unit/toolstack/*.cpp) $(filter-out toolstack/protocol/json.cpp,$(TOOLSTACK_PROTOCOL)) $(TOOLSTACK_LOGIC) \
    minios/backends/journal.cpp
TOOLSTACK_TEST_OBJECTS := $(patsubst %.cpp,$(BUILD)/obj/unit-toolstack/%.o,$(TOOLSTACK_TEST_SOURCES))

$(TOOLSTACK_TEST_OBJECTS): $(BUILD)/obj/unit-toolstack/%.o: %.cpp tests/unit/toolstack/build.mk | $(7zip_READY)
	@mkdir -p $(@D)
	@echo "  HOSTCXX $<"; $(HOST_CXX) $(HOST_CXXFLAGS) -O0 -I. -Iminios/include $(7zip_INCLUDE) -c $< -o $@
$(TOOLSTACK_TEST): $(TOOLSTACK_TEST_OBJECTS) $(BUILD)/obj/skerry/toolstack/protocol/json.o $(THIRD_PARTY)/7zip/lib-host.a
	@mkdir -p $(@D)
	@echo "  LINK    $@"; $(HOST_CXX) $(HOST_CXXFLAGS) $^ -o $@ $(HOST_LDLIBS)
-include $(TOOLSTACK_TEST_OBJECTS:.o=.d)
