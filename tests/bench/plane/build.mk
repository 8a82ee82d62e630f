# SPDX-License-Identifier: MIT
# The control plane's part of make bench, and of the tests of scale: the guest that there are many of.
$(eval $(call minios-program,unikernel,tests/bench/plane/unikernel.cpp))
$(eval $(call minios-program,store-load,tests/system/store_load/main.cpp))
.PHONY: bench-plane bench-xl
bench-plane: $(BENCH_PLANE) $(BENCH_XL)
	@tests/bench/run-plane $(BUILD)
bench-xl: $(BENCH_XL)
	@tests/bench/run-xl $(BUILD) && cat $(BUILD)/bench/plane-peer.figures
