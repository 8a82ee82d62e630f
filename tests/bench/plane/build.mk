# SPDX-License-Identifier: MIT
# The control plane's part of make bench, and of the tests of scale: the guest that there are many of.
$(eval $(call minios-program,unikernel,tests/bench/plane/unikernel.cpp))
