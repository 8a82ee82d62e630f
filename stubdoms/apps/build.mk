# SPDX-License-Identifier: MIT
# Programs as domains: each folder has a build.mk with one skerry-program line (minios/libc/build.mk).
-include stubdoms/apps/*/build.mk
$(BUILD)/tests/system/programs_test $(BUILD)/tests/system/memory_test: | $(BUILD)/apps/hello-c $(BUILD)/apps/hello-cxx $(BUILD)/builder-domain
