# SPDX-License-Identifier: MIT
# What comes from Debian: one fragment per piece, each in its own folder or a .mk file here.
-include third-party/debian-binaries.mk
-include third-party/debian-source.mk
-include third-party/target/build.mk third-party/newlib/build.mk third-party/libgcc/build.mk
-include $(filter-out third-party/target/build.mk third-party/newlib/build.mk third-party/libgcc/build.mk,$(wildcard third-party/*/build.mk))
