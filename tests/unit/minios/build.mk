# SPDX-License-Identifier: MIT
# Host tests of the parts of minios that are pure bookkeeping.
MINIOS_TEST := $(BUILD)/tests/unit/minios
UNIT_TESTS += $(MINIOS_TEST)

MINIOS_TEST_SOURCES := $(wildcard tests/unit/minios/*_test.cpp tests/unit/minios/debug/*.cpp) minios/kernel/frame_map.cpp minios/kernel/heap_arena.cpp \
    minios/kernel/format.cpp minios/backends/guest_address.cpp $(addprefix minios/debug/,packet.cpp registers.cpp session.cpp)
MINIOS_TEST_OBJECTS := $(patsubst %.cpp,$(BUILD)/obj/unit-minios/%.o,$(MINIOS_TEST_SOURCES))

$(MINIOS_TEST_OBJECTS): $(BUILD)/obj/unit-minios/%.o: %.cpp
	@mkdir -p $(@D)
	$(HOST_CXX) $(HOST_CXXFLAGS) -I. -Iminios/include -c $< -o $@
$(MINIOS_TEST): $(MINIOS_TEST_OBJECTS)
	@mkdir -p $(@D)
	$(HOST_CXX) $(HOST_CXXFLAGS) $^ -o $@ $(HOST_LDLIBS)
-include $(MINIOS_TEST_OBJECTS:.o=.d)

# The QEMU scenario of the same kernel needs its check program.
$(BUILD)/tests/system/minios_test: | $(BUILD)/minios-check
