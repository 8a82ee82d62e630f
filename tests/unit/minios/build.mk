# SPDX-License-Identifier: MIT
# Host tests of the parts of minios that are pure bookkeeping.
MINIOS_TEST := $(BUILD)/tests/unit/minios
UNIT_TESTS += $(MINIOS_TEST)

MINIOS_TEST_SOURCES := $(wildcard tests/unit/minios/*_test.cpp tests/unit/minios/debug/*.cpp) \
    $(addprefix minios/kernel/,frame_map.cpp heap_arena.cpp region_map.cpp format.cpp) minios/backends/guest_address.cpp minios/backends/channel.cpp \
    $(addprefix minios/debug/,packet.cpp registers.cpp session.cpp)
MINIOS_TEST_OBJECTS := $(patsubst %.cpp,$(BUILD)/obj/unit-minios/%.o,$(MINIOS_TEST_SOURCES))

$(MINIOS_TEST_OBJECTS): $(BUILD)/obj/unit-minios/%.o: %.cpp
	@mkdir -p $(@D)
	$(HOST_CXX) $(HOST_CXXFLAGS) -I. -Iminios/include -c $< -o $@
# The C library's own functions of these names are what the tests compare with.
MINIOS_TEST_STRINGS := $(BUILD)/obj/unit-minios/minios/libc/copying.o $(BUILD)/obj/unit-minios/minios/libc/scanning.o $(BUILD)/obj/unit-minios/minios/libc/comparing.o
$(MINIOS_TEST_STRINGS): $(BUILD)/obj/unit-minios/%.o: %.c
	@mkdir -p $(@D)
	$(CC) -O2 -g -Wall -Wextra -Werror -fno-builtin -fno-tree-loop-distribute-patterns -c $< -o $@
	@objcopy $(foreach name,memcpy memmove memset memchr memcmp strlen,--redefine-sym $(name)=tested_$(name)) $@
$(MINIOS_TEST): $(MINIOS_TEST_OBJECTS) $(MINIOS_TEST_STRINGS)
	@mkdir -p $(@D)
	$(HOST_CXX) $(HOST_CXXFLAGS) $^ -o $@ $(HOST_LDLIBS)
-include $(MINIOS_TEST_OBJECTS:.o=.d)

# The QEMU scenario of the same kernel needs its check program.
$(BUILD)/tests/system/minios_test: | $(BUILD)/minios-check
