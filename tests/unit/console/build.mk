# SPDX-License-Identifier: MIT
# Host tests of the console domain: rings, who is served, multiplexing, the UART, settings.
CONSOLE_TEST := $(BUILD)/tests/unit/console
UNIT_TESTS += $(CONSOLE_TEST)

CONSOLE_TEST_SOURCES := $(wildcard tests/unit/console/*_test.cpp) $(addprefix stubdoms/console/,guest_ring.cpp guests.cpp multiplexer.cpp scroll_back.cpp settings.cpp) \
    minios/backends/guest_address.cpp
CONSOLE_TEST_OBJECTS := $(patsubst %.cpp,$(BUILD)/obj/unit-console/%.o,$(CONSOLE_TEST_SOURCES))

$(CONSOLE_TEST_OBJECTS): $(BUILD)/obj/unit-console/%.o: %.cpp
	@mkdir -p $(@D)
	$(HOST_CXX) $(HOST_CXXFLAGS) -I. -Iminios/include -c $< -o $@
$(CONSOLE_TEST): $(CONSOLE_TEST_OBJECTS)
	@mkdir -p $(@D)
	$(HOST_CXX) $(HOST_CXXFLAGS) $^ -o $@ $(HOST_LDLIBS)
-include $(CONSOLE_TEST_OBJECTS:.o=.d)
