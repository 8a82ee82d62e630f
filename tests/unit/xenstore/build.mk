# SPDX-License-Identifier: MIT
# Host tests of the XenStore server: everything but its channels and grants.
XENSTORE_TEST := $(BUILD)/tests/unit/xenstore
UNIT_TESTS += $(XENSTORE_TEST)

XENSTORE_TEST_SOURCES := $(wildcard tests/unit/xenstore/*.cpp) $(wildcard stubdoms/xenstore/store/*.cpp) stubdoms/xenstore/settings.cpp \
    minios/backends/journal.cpp minios/backends/guest_address.cpp minios/xenbus/client_ring.cpp
XENSTORE_TEST_OBJECTS := $(patsubst %.cpp,$(BUILD)/obj/unit-xenstore/%.o,$(XENSTORE_TEST_SOURCES))

$(XENSTORE_TEST_OBJECTS): $(BUILD)/obj/unit-xenstore/%.o: %.cpp
	@mkdir -p $(@D)
	$(HOST_CXX) $(HOST_CXXFLAGS) -I. -Iminios/include -c $< -o $@
$(XENSTORE_TEST): $(XENSTORE_TEST_OBJECTS)
	@mkdir -p $(@D)
	$(HOST_CXX) $(HOST_CXXFLAGS) $^ -o $@ $(HOST_LDLIBS)
-include $(XENSTORE_TEST_OBJECTS:.o=.d)
