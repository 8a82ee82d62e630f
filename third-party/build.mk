# SPDX-License-Identifier: MIT
# What comes from Debian: one fragment per piece, each in its own folder or a .mk file here.
-include third-party/debian-binaries.mk
-include third-party/debian-source.mk
# First those whose variables the others use.
THIRD_PARTY_BASE := $(patsubst %,third-party/%/build.mk,target newlib musl libgcc)
-include $(THIRD_PARTY_BASE)
-include $(filter-out $(THIRD_PARTY_BASE),$(wildcard third-party/*/build.mk))
