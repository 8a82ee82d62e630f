# SPDX-License-Identifier: MIT
# What comes from Debian: one fragment per piece, each in its own folder or a .mk file here.
-include third-party/debian-binaries.mk
-include third-party/debian-source.mk
-include $(wildcard third-party/*/build.mk)
