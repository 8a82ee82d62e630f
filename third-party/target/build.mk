# SPDX-License-Identifier: MIT
# The SDK's place, and the host's tools dressed as a cross toolchain for what is built into it.
SDK := $(BUILD)/sdk
SDK_OVERLAY := $(wildcard minios/libc/include/posix/*.h minios/libc/include/posix/*/*.h)
TARGET_TOOLS := $(THIRD_PARTY)/target/ready
$(TARGET_TOOLS): third-party/target/make-tools third-party/target/flags
	@$< $(@D) $(abspath minios/libc/include/posix) $(abspath $(SDK)/include)
	@touch $@
