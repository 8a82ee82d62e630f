# SPDX-License-Identifier: MIT
# gcc's source, from Debian's package of the very compiler that builds programs; libgcc from it. libstdcxx/ uses it too.
GCC_VERSION := 12.2.0-14+deb12u1
GCC_WORK := $(THIRD_PARTY)/gcc
GCC_PARTS := libstdc++-v3 libgcc libiberty include config gcc/BASE-VER gcc/DATESTAMP config.guess config.sub config-ml.in install-sh ltmain.sh \
    missing move-if-change mkinstalldirs libtool.m4 depcomp compile configure
LIBGCC_READY := $(SDK)/built/libgcc
$(GCC_WORK)/version.txt: third-party/libgcc/build.mk third-party/fetch-package third-party/apt-local
	@third-party/fetch-package gcc-12-source=$(GCC_VERSION) $(GCC_WORK) $(GCC_PARTS)
$(LIBGCC_READY): third-party/libgcc/build $(GCC_WORK)/version.txt $(NEWLIB_READY) $(wildcard third-party/libgcc/include/*) minios/libc/include/posix/link.h
	@third-party/libgcc/build $(GCC_WORK) $(THIRD_PARTY)/target $(SDK)
	@mkdir -p $(@D) && touch $@
