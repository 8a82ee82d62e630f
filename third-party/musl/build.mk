# SPDX-License-Identifier: MIT
# The mathematics of `long double`, which newlib has not got for this processor: musl's, from Debian's source, added to the SDK's libm.a.
MUSL_PACKAGE := musl=1.2.3-1
MUSL_WORK := $(THIRD_PARTY)/musl
MUSL_READY := $(SDK)/built/musl
$(MUSL_WORK)/version.txt: third-party/musl/build.mk third-party/fetch-source third-party/apt-local
	@echo "  FETCH   $(MUSL_PACKAGE)"; third-party/fetch-source $(MUSL_PACKAGE) $(MUSL_WORK)
$(MUSL_READY): third-party/musl/build $(MUSL_WORK)/version.txt $(NEWLIB_READY)
	@third-party/musl/build $(MUSL_WORK) $(THIRD_PARTY)/target $(SDK)
	@mkdir -p $(@D) && touch $@
