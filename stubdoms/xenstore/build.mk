# SPDX-License-Identifier: MIT
# The XenStore server: an image that the builder starts (build/apps/xenstore), of the SDK's C++ library.
XENSTORE_STORE := $(wildcard stubdoms/xenstore/store/*.cpp)
xenstore_FLAGS := -Werror
$(eval $(call skerry-program,xenstore,stubdoms/xenstore/main.cpp stubdoms/xenstore/server.cpp stubdoms/xenstore/settings.cpp $(XENSTORE_STORE)))
