# SPDX-License-Identifier: MIT
# The shape of the tree: xen-core's floors, what folders may include.
UNIT_TESTS += $(BUILD)/tests/unit/structure
$(BUILD)/tests/unit/structure: tests/unit/structure/floors_test.cpp tests/unit/structure/build.mk
	@mkdir -p $(@D)
	@echo "  HOSTCXX $<"; $(HOST_CXX) $(HOST_CXXFLAGS) -DSOURCE_ROOT='"$(CURDIR)"' $< $(HOST_LDLIBS) -o $@
