# SPDX-License-Identifier: MIT
# Host tests of the parts of minios/libc and minios/net that only compute: readers of archives.
MINIOS_LIBC_TEST := $(BUILD)/tests/unit/minios-libc
UNIT_TESTS += $(MINIOS_LIBC_TEST)

MINIOS_LIBC_TEST_SOURCES := $(wildcard tests/unit/minios-libc/*_test.cpp) minios/libc/cpio_reader.cpp minios/libc/tar_reader.cpp
MINIOS_LIBC_TEST_OBJECTS := $(patsubst %.cpp,$(BUILD)/obj/unit-minios-libc/%.o,$(MINIOS_LIBC_TEST_SOURCES))

$(MINIOS_LIBC_TEST_OBJECTS): $(BUILD)/obj/unit-minios-libc/%.o: %.cpp
	@mkdir -p $(@D)
	$(HOST_CXX) $(HOST_CXXFLAGS) -I. -c $< -o $@
$(MINIOS_LIBC_TEST): $(MINIOS_LIBC_TEST_OBJECTS)
	@mkdir -p $(@D)
	$(HOST_CXX) $(HOST_CXXFLAGS) $^ -o $@ $(HOST_LDLIBS)
-include $(MINIOS_LIBC_TEST_OBJECTS:.o=.d)
