# SPDX-License-Identifier: MIT
# Host units of skerry, the command: xl.cfg files, texts, the broker, and build/skerry itself against a toolstack in memory.
SKERRY_TEST := $(BUILD)/tests/unit/skerry
UNIT_TESTS += $(SKERRY_TEST)

SKERRY_TEST_SOURCES := $(wildcard tests/unit/skerry/*.cpp) $(wildcard toolstack/cli/config/*.cpp) toolstack/cli/text.cpp toolstack/cli/commands/pipe_bytes.cpp
SKERRY_TEST_OBJECTS := $(patsubst %.cpp,$(BUILD)/obj/unit-skerry/%.o,$(SKERRY_TEST_SOURCES))
# Of the toolstack what its own tests are built of.
SKERRY_TEST_OTHERS := $(patsubst %.cpp,$(BUILD)/obj/unit-toolstack/%.o,$(filter-out toolstack/protocol/json.cpp,$(TOOLSTACK_PROTOCOL)) \
    $(TOOLSTACK_LOGIC) minios/backends/journal.cpp) $(BUILD)/obj/skerry/toolstack/protocol/json.o

$(SKERRY_TEST_OBJECTS): $(BUILD)/obj/unit-skerry/%.o: %.cpp tests/unit/skerry/build.mk | $(7zip_READY)
	@mkdir -p $(@D)
	@echo "  HOSTCXX $<"; $(HOST_CXX) $(HOST_CXXFLAGS) -O0 -I. $(7zip_INCLUDE) -c $< -o $@
$(SKERRY_TEST): $(SKERRY_TEST_OBJECTS) $(SKERRY_TEST_OTHERS) $(THIRD_PARTY)/7zip/lib-host.a | $(BUILD)/skerry
	@mkdir -p $(@D)
	@echo "  LINK    $@"; $(HOST_CXX) $(HOST_CXXFLAGS) $^ -o $@ $(HOST_LDLIBS)
-include $(SKERRY_TEST_OBJECTS:.o=.d)
