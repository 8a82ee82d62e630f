# SPDX-License-Identifier: MIT
# Programs as domains: each folder has a build.mk with one skerry-program line (minios/libc/build.mk).
-include stubdoms/apps/*/build.mk
