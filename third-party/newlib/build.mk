# SPDX-License-Identifier: MIT
# newlib, the C library of domains, from the source that Debian's binary package carries.
NEWLIB_VERSION := 3.3.0-1.3+deb12u1
NEWLIB_WORK := $(THIRD_PARTY)/newlib
NEWLIB_READY := $(SDK)/built/newlib
$(NEWLIB_WORK)/version.txt: third-party/newlib/build.mk third-party/fetch-package third-party/apt-local
	@third-party/fetch-package newlib-source=$(NEWLIB_VERSION) $(NEWLIB_WORK)
# Headers of ours that change what newlib itself is.
$(NEWLIB_READY): third-party/newlib/build $(wildcard third-party/newlib/fused/* third-party/newlib/quick/*) $(NEWLIB_WORK)/version.txt $(TARGET_TOOLS) $(addprefix minios/libc/include/posix/,sys/config.h sys/features.h machine/time.h)
	@third-party/newlib/build $(NEWLIB_WORK) $(THIRD_PARTY)/target $(SDK)
	@mkdir -p $(@D) && touch $@
