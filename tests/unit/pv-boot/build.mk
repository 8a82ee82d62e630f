# SPDX-License-Identifier: MIT
# Host units of pv-boot: everything but its binding to minios, with Debian's decompression libraries, under sanitizers; liblzma is the reference for .xz.
PV_BOOT_TEST_SOURCES := $(wildcard tests/unit/pv-boot/*_test.cpp tests/unit/pv-boot/*/*_test.cpp)
PV_BOOT_TEST_OBJECTS := $(patsubst %.cpp,$(BUILD)/obj/host/%.o,$(PV_BOOT_TEST_SOURCES) stubdoms/pv-boot/bundle_reader.cpp $(START_IN_PLACE_PORTABLE))

$(PV_BOOT_TEST_OBJECTS): $(BUILD)/obj/host/%.o: %.cpp tests/unit/pv-boot/build.mk | $(DECOMPRESSION_READY) $(xz_READY)
	@mkdir -p $(@D)
	$(HOST_CXX) $(HOST_CXXFLAGS) -I. $(DECOMPRESSION_INCLUDE) $(xz_INCLUDE) -c $< -o $@

$(BUILD)/tests/unit/pv-boot: $(PV_BOOT_TEST_OBJECTS) $(foreach library,$(DECOMPRESSION) xz,$(THIRD_PARTY)/$(library)/lib-host.a)
	@mkdir -p $(@D)
	$(HOST_CXX) $(HOST_CXXFLAGS) $^ $(HOST_LDLIBS) -o $@

UNIT_TESTS += $(BUILD)/tests/unit/pv-boot
-include $(PV_BOOT_TEST_OBJECTS:.o=.d)
