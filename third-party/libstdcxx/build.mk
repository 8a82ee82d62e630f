# SPDX-License-Identifier: MIT
# libstdc++, from the source of gcc (libgcc/build.mk).
LIBSTDCXX_READY := $(SDK)/built/libstdcxx
$(LIBSTDCXX_READY): third-party/libstdcxx/build $(GCC_WORK)/version.txt $(MUSL_READY) \
    $(addprefix minios/libc/include/posix/,math.h complex.h time.h uchar.h)
	@third-party/libstdcxx/build $(GCC_WORK) $(THIRD_PARTY)/target $(SDK)
	@mkdir -p $(@D) && touch $@
